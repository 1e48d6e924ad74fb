"""The errors that cross a boundary, each with the HTTP status that the API answers it with.

    Exception
    ├── Problem                    what the HTTP API can answer
    │   ├── RequestInvalid         a request asks for what cannot be: which parameter, and what it takes    400
    │   │   └── ImageIdInvalid     the text cannot be an image's id (imageservice.core.image_id)            400
    │   ├── ImageUnknown           there is no image of this id                                             404
    │   ├── ImageNotReady          the image is being processed, or that failed                             404
    │   ├── FormatUnavailable      the image has no rendition in the format asked for                       406
    │   ├── ImageDeleted           the image was deleted                                                    410
    │   ├── BodyTooLarge           the body is larger than this call takes                                  413
    │   ├── ImageRejected          the image is bad: its uploader sees why, replaying cannot help           422
    │   └── StoreUnavailable       DynamoDB throttles, fails or hangs: try again                            503
    ├── PlanInvalid                the rendition plan is not usable: a mistake in the deployment
    ├── CacheUnavailable           Redis is gone, hangs or answers rubbish: readers go on without it
    ├── NotAnnounced               EventBridge did not take a failure's event: try again
    └── RemovalIncomplete          S3 kept some of the renditions that were to go: try again

A function's error reaches the state machine under its class's very name: `ErrorEquals` in `statemachine/` matches
`ImageRejected` alone, so that class has no subclasses. Everything else is left to fail in place, to be replayed.
"""

from http import HTTPStatus
from typing import ClassVar


class Problem(Exception):
    """What the HTTP API answers with `status`; `str(error)` is one sentence for the person who asked."""

    status: ClassVar[HTTPStatus]


class RequestInvalid(Problem):
    """A parameter that cannot be taken; the message says which, and what it takes instead."""

    status = HTTPStatus.BAD_REQUEST


class ImageIdInvalid(RequestInvalid):
    """A text that cannot be an image's id; the message says why."""


class ImageUnknown(Problem):
    """No image has this id."""

    status = HTTPStatus.NOT_FOUND


class ImageNotReady(Problem):
    """There is nothing to serve of the image yet."""

    status = HTTPStatus.NOT_FOUND


class FormatUnavailable(Problem):
    """There is no rendition in that format; the message names the formats there are."""

    status = HTTPStatus.NOT_ACCEPTABLE


class ImageDeleted(Problem):
    """The image was deleted; an upload of the same id revives it."""

    status = HTTPStatus.GONE


class BodyTooLarge(Problem):
    """The body has more bytes than the call takes; the message says how many it takes."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class ImageRejected(Problem):
    """The image cannot be taken; `str(error)` is the reason, one sentence for the person who uploaded it."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class StoreUnavailable(Problem):
    """The table did not answer in time or refused for now; the same call may succeed later."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


class PlanInvalid(Exception):
    """The rendition plan breaks its schema; the message names the place and what is expected there."""


class CacheUnavailable(Exception):
    """Redis did not answer in time, refused, or answered what is no manifest; the table has all that it has."""


class RemovalIncomplete(Exception):
    """Some renditions are still there; removing them again is safe."""


class NotAnnounced(Exception):
    """EventBridge did not take an event for now; announcing again is safe."""
