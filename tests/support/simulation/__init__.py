"""The three workflows under fault: their own definitions, functions, recorder, reconciler and replay, in one process.

scheduler        executions as greenlets, which it resumes in a random order; and the faults of their calls
stores           S3 with versions and tags, DynamoDB as moto evaluates its expressions
edge             CloudFront with its cache
expressions      JSONata, by its reference implementation
step_functions   runs the definitions in `statemachine/`, and redrives executions
tasks            what the definitions call: the functions' own handlers, and the stores
world            connects all of that to the functions' own code, to Redis, and to the operator's commands
history          a random history: what is uploaded, deleted, reprocessed, replayed; and how it is made smaller
invariants       what must hold at each moment on the way
mutants          bugs to be planted, one at a time
orderly          what the same history leaves if everything happens once and in order; compares
"""
