"""The errors that cross a boundary.

    Exception
    ├── ImageRejected        the image is bad: shown to the uploader, replaying can't help
    ├── PlanInvalid          the rendition plan is not usable: a mistake in the deployment
    ├── StoreUnavailable     DynamoDB throttles, fails or hangs: try again                      HTTP 503
    ├── CacheUnavailable     Redis is gone, hangs or answers rubbish: readers go on without it
    ├── RequestInvalid       a reader asks for what can't be: which parameter, and what it takes  HTTP 400
    ├── FormatUnavailable    the image has no rendition in the format asked for                 HTTP 406
    ├── NotAnnounced         EventBridge did not take a failure's event: try again
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


class CacheUnavailable(Exception):
    """Redis did not answer in time, refused, or answered what is no manifest; the table knows all that it knows."""


class RequestInvalid(Exception):
    """A parameter that can't be taken; the message says which, and what it takes instead."""


class FormatUnavailable(Exception):
    """There is no rendition in that format; the message names the formats there are."""


class RemovalIncomplete(Exception):
    """Some renditions are still there; removing them again is safe."""


class NotAnnounced(Exception):
    """EventBridge did not take an event for now; announcing again is safe."""
