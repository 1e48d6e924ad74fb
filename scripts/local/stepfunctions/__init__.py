"""Step Functions: moto's States Language interpreter behind MiniStack's API.

definition      parsed once, checked before it is accepted
clients         how tasks reach AWS: this stack, as the state machine's role
jsonata         expressions, evaluated on values rather than on text
history         the event history of an execution, also across redrives
journal         what a redrive needs: where the execution was and what it has finished
executions      run, stop, redrive; the Map Runs of each
tokens          of tasks that wait for an answer
turns           how many run at the same time; the others wait in a queue
events          status changes, announced on EventBridge
api             the Step Functions actions that MiniStack lacks or answers poorly
"""
