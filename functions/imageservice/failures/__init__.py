"""Failed executions, from Step Functions' event to the operator's mailbox, in one direction:

failed_execution    what the end of an execution says: which upload, which error                pure
recorder            records it in the image's item, unless something newer has happened
notification        announces it on the event bus and the topic, in words
advice              what an error means, and what to do about it                                pure

unreported          which failed executions no item reports
reconciler          records those, and images that wait for a workflow that has ended
"""
