"""The errors that an operator reads; each message says what to do next.

OperationFailed
├── StackNotFound        there is no such deployment, or no credentials for it
├── ImageNotFound        there is no image with that id
├── ExecutionNotFound    Step Functions does not know it; it forgets one 90 days after its end
└── BadRequest           an argument is not valid
"""


class OperationFailed(Exception):
    """The operation is not possible; the message is for the operator."""


class StackNotFound(OperationFailed):
    """There is no such deployment, or it can't be reached."""


class ImageNotFound(OperationFailed):
    """There is no image with that id."""


class ExecutionNotFound(OperationFailed):
    """Step Functions does not know the execution; it forgets one 90 days after its end."""


class BadRequest(OperationFailed):
    """An argument is not valid; the message says which and why."""
