"""What an operator does with a deployment, with boto3 and without printing. The command line and the console show it.

stack          a deployment: its outputs and clients
stack_file     stack.json: what a running local stack says of itself
images         one image, or many by status or by a prefix of their ids
uploads        put a file, and wait until its image has settled
executions     describe, history, list
stories        what happened in an execution: its states, their attempts, the sizes they made
logs           what the functions logged about an execution
failures       what failed, grouped by error, with what to do
replay_plan    the decision what to do about a failed execution: redrive it, start a new one, or nothing
replay         carry the decision out, and follow the execution
dead_letters   events that could not be delivered: list them, send them again
reconcile      record failures that no event reported
removal        delete an original, and with it the image
reprocess      make renditions again, and follow the run
cost, prices   what the service costs to run
pacing         a limited number of calls per second
wording        times and sizes in words for people
"""
