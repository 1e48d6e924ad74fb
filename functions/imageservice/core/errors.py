"""The errors that cross a boundary, each with the HTTP status that the API answers it with.

    Exception
    ├── Problem                    what the HTTP API can answer
    │   ├── RequestInvalid         a parameter is not valid: which one, and what it accepts                 400
    │   │   ├── ImageIdInvalid     the text cannot be an image's id (imageservice.core.image_id)            400
    │   │   └── FocusInvalid       the text is no focal point (imageservice.core.focus)                     400
    │   ├── DirectReadRefused      this deployment answers only reads that come through its edge            403
    │   ├── LinkRequired           these ids are private: reading needs a signed link                       403
    │   ├── LinkInvalid            the link's signature does not fit its path and parameters                403
    │   ├── LinkExpired            the link was valid until a time that has passed                          403
    │   ├── WriteForbidden         the token does not permit writing this id                                403
    │   ├── ImageUnknown           there is no image with this id                                           404
    │   ├── RenditionUnknown       there is no such rendition any more                                      404
    │   ├── AddressUnknown         the API has nothing at this address                                      404
    │   ├── UploadUnknown          there is no such upload of this image                                    404
    │   ├── ImageNotReady          the image is being processed, or that failed                             404
    │   ├── MethodNotAllowed       the API does not have this method at this address                        405
    │   ├── FormatUnavailable      the image has no rendition in the requested format                       406
    │   ├── ImageDeleted           the image was deleted                                                    410
    │   ├── ImageChanged           the image is not as the request's If-Match says                          412
    │   ├── ImageExists            a create-only upload found an image with this id                         412
    │   ├── BodyTooLarge           the body is larger than this call accepts                                413
    │   ├── MediaTypeUnsupported   the body's Content-Type is none that is accepted                         415
    │   ├── ImageRejected          the image is bad: its uploader sees why, replaying cannot help           422
    │   ├── LinksUnavailable       this deployment has no key that it could sign links with                501
    │   └── StoreUnavailable       DynamoDB throttles, fails or hangs: try again                            503
    ├── PlanInvalid                the rendition plan is not valid: a mistake in the deployment
    ├── CacheUnavailable           Redis is gone, hangs or sends invalid answers: readers continue without it
    │   └── CacheSwitching         the stack's cache was changed, and readers may still use the last one: try again
    ├── CallLost                   a queued call had no answer, however often it was delivered
    ├── NotAnnounced               EventBridge refused a failure's event: try again
    ├── RemovalIncomplete          S3 did not delete some of the renditions: try again
    └── PurgeIncomplete            the edge may still have public files of a private image: try again

A function's error reaches the state machine under the name of its class: `ErrorEquals` in `statemachine/` retries
`CacheSwitching` and `PurgeIncomplete` for minutes. All other errors fail the state, to be replayed. `ImageRejected`
does not leave its function: those that inspect and resize return the reason, and the state machine ends under this
name.
"""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import ClassVar


class Problem(Exception):
    """An error that the HTTP API answers with `status`; `str(error)` is one sentence for the client."""

    status: ClassVar[HTTPStatus]


class RequestInvalid(Problem):
    """A parameter is not valid; the message says which, and what it accepts."""

    status = HTTPStatus.BAD_REQUEST


class ImageIdInvalid(RequestInvalid):
    """A text that cannot be an image's id; the message says why."""


class FocusInvalid(RequestInvalid):
    """A text that is no focal point; the message says what one is."""


class DirectReadRefused(Problem):
    """The read did not come through the edge, and this deployment answers no others (parameter `DirectReads`)."""

    status = HTTPStatus.FORBIDDEN


class LinkRequired(Problem):
    """Ids like this one are private, whether or not there is such an image; reading needs a signed link."""

    status = HTTPStatus.FORBIDDEN

    def __init__(self) -> None:
        super().__init__("Images with such an id are private. Reading one needs a signed link.")


class LinkInvalid(Problem):
    """The link was changed, or signed by no key of this deployment; it does not say which."""

    status = HTTPStatus.FORBIDDEN

    def __init__(self) -> None:
        super().__init__("The link is not valid.")


class LinkExpired(Problem):
    """The link's time is over; `expires` is when it was, in seconds since 1970."""

    status = HTTPStatus.FORBIDDEN

    def __init__(self, expires: int) -> None:
        until = datetime.fromtimestamp(expires, UTC).isoformat(timespec="seconds")
        super().__init__(f"The link has expired: it was valid until {until}.")


class WriteForbidden(Problem):
    """The token does not permit writing this id; the message says which ids it permits."""

    status = HTTPStatus.FORBIDDEN


class ImageExists(Problem):
    """There is an original with this id already, and the upload was to create one (`If-None-Match: *`)."""

    status = HTTPStatus.PRECONDITION_FAILED


class ImageChanged(Problem):
    """The image has changed since the revision that the request names (`If-Match`)."""

    status = HTTPStatus.PRECONDITION_FAILED


class ImageUnknown(Problem):
    """No image has this id."""

    status = HTTPStatus.NOT_FOUND


class RenditionUnknown(Problem):
    """The rendition was replaced or deleted, or never was."""

    status = HTTPStatus.NOT_FOUND


class AddressUnknown(Problem):
    """The API has nothing at this address."""

    status = HTTPStatus.NOT_FOUND


class MethodNotAllowed(Problem):
    """The API has this address, but not with this method; the message lists those that it has."""

    status = HTTPStatus.METHOD_NOT_ALLOWED


class MediaTypeUnsupported(Problem):
    """The body's media type is not accepted; the message lists those that are."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class UploadUnknown(Problem):
    """The image has no upload, or none with that version."""

    status = HTTPStatus.NOT_FOUND


class ImageNotReady(Problem):
    """The image has nothing to serve yet."""

    status = HTTPStatus.NOT_FOUND


class FormatUnavailable(Problem):
    """There is no rendition in that format; the message lists the image's formats."""

    status = HTTPStatus.NOT_ACCEPTABLE


class ImageDeleted(Problem):
    """The image was deleted; an upload with the same id revives it."""

    status = HTTPStatus.GONE


class BodyTooLarge(Problem):
    """The body has more bytes than the call accepts; the message says how many it accepts."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class ImageRejected(Problem):
    """The image is not accepted; `str(error)` is the reason, one sentence for the person who uploaded it."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class LinksUnavailable(Problem):
    """Links can't be signed: the deployment has no private key, or one that is of none of its public keys."""

    status = HTTPStatus.NOT_IMPLEMENTED


class StoreUnavailable(Problem):
    """The table did not answer in time or refused for now; the same call may succeed later."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


class PlanInvalid(Exception):
    """The rendition plan breaks its schema; the message names the place and what is expected there."""


class CacheUnavailable(Exception):
    """Redis did not answer in time, refused, or sent something other than a manifest; the table has all that it has."""


class CacheSwitching(CacheUnavailable):
    """The stack changes to another cache: readers go to the table, and refreshes wait for the last cache's readers."""


class RemovalIncomplete(Exception):
    """Some renditions are still there; removing them again is safe."""


class PurgeIncomplete(Exception):
    """The edge may still have public files of an image that is now private; purging again is safe."""


class NotAnnounced(Exception):
    """EventBridge refused an event; announcing again is safe."""


class CallLost(Exception):
    """A call from a queue had no answer, however often it was delivered: its function was killed, or cannot start."""
