"""What broke, told to whom it concerns: from a failed execution to the image's record, a notice, and what to do.

failed_execution    what an execution's end says of it                          pure
advice              what an error means, and what to do about it                pure
notification        the same as a message                                       pure
incidents           on the image's record, to the topic, on the event bus
reconciliation      what no event told of
"""
