"""The errors that cross a boundary.

    Exception
    ├── ImageRejected        the image is bad: shown to the uploader, replaying can't help
    ├── PlanInvalid          the rendition plan is not usable: a mistake in the deployment
    ├── StoreUnavailable     DynamoDB throttles, fails or hangs: try again
    └── RemovalIncomplete    S3 kept some of the renditions that were to go: try again

A function's error reaches the state machine under its class's very name: `ErrorEquals` in `statemachine/` matches
`ImageRejected` alone, so that class has no subclasses. Everything else is left to fail in place, to be replayed.
"""


class ImageRejected(Exception):
    """The image can't be taken; `str(error)` is the reason, one plain sentence for the person who uploaded it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PlanInvalid(Exception):
    """The rendition plan breaks its schema; the message names the place and what is expected there."""


class StoreUnavailable(Exception):
    """The table did not answer in time or refused for now; the same call may succeed later."""


class RemovalIncomplete(Exception):
    """Some renditions are still there; removing them again is safe."""
