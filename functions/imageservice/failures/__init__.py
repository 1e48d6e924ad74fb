"""Failed executions, from Step Functions' event to the operator's mailbox, in one direction:

failed_execution    what the end of an execution says: which upload, which error                pure
recorder            on the image's item, unless something newer has happened
notification        to the event bus and the topic, in words
advice              what an error means, and what to do about it                                pure

unreported          which failed executions no item reports
reconciler          puts those on record, and images that wait for a workflow that has ended
"""
