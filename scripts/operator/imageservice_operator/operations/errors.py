"""The errors that an operator reads; each message says what to do next.

OperationFailed
├── StackNotFound        no such deployment, or no credentials for it
├── ImageNotFound        nothing is known of that id
├── ExecutionNotFound    Step Functions does not know it (any more: it forgets after 90 days)
└── BadRequest           the caller's arguments can't be
"""


class OperationFailed(Exception):
    """What was asked for can't be done; the message is for the operator."""


class StackNotFound(OperationFailed):
    """There is no such deployment, or it can't be reached."""


class ImageNotFound(OperationFailed):
    """Nothing is known of an image of that id."""


class ExecutionNotFound(OperationFailed):
    """Step Functions knows no such execution (it forgets them 90 days after their end)."""


class BadRequest(OperationFailed):
    """An argument that can't be taken; the message says which and why."""
