"""What an operator does with a deployment, over boto3 and without printing: command line and console show it.

stack          which deployment, and its clients
images         one, or many by status or beginning of the id
uploads        put a file, wait for what becomes of it
executions     describe, history, list
failures       what failed, grouped by error, with what to do
replay         redrive, or start anew from the stored upload
dead_letters   events that could not be delivered, sent again
removal        delete an original, and with it the image
reprocess      make renditions again, and follow it
cost           what it costs to run
"""
