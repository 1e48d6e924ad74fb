"""An image's item in ImageTable: the one definition of its attributes, for each status.

`status` is that of the latest upload. `renditions`, made from `source`, are what readers get, even while a newer upload
is PROCESSING, REJECTED or FAILED. `to_dynamodb` (imageservice.adapters.image_table) gives DynamoDB's format.
Times are ISO 8601 in UTC, with milliseconds and Z, so they sort as text.
"""

from typing import Literal, NotRequired, TypedDict

from imageservice.core.image_text import FieldSet
from imageservice.core.manifest import Rendition


class UploadRecord(TypedDict):
    """One upload of the original: where it is, and its length in bytes. Without versioning it has no version id."""

    bucket: str
    key: str
    etag: str
    bytes: int
    version_id: NotRequired[str]


class Source(UploadRecord):
    """The upload that renditions were made from, and what its header says. `width` and `height` are pixels as shown.

    `focus` is its focal point (imageservice.core.focus); `ignored_focus` is the beginning of a text that is none.
    `text` came with this upload or one before it, and `text_since` hides what was set before: see
    imageservice.core.image_text.
    """

    format: str
    width: int
    height: int
    frames: int
    focus: NotRequired[str]
    ignored_focus: NotRequired[str]
    text: NotRequired[dict[str, FieldSet]]
    text_since: NotRequired[str]


class Error(TypedDict):
    """Why the latest upload, or the removal, did not succeed. A failure also has the execution and its redrives.

    `announced_at` is missing until the failure is announced.
    """

    name: str
    cause: str
    execution: NotRequired[str]
    redrives: NotRequired[int]
    announced_at: NotRequired[str]


class _Always(TypedDict):
    """`sequencer` orders uploads and deletions; `execution` is the ARN of the latest one of the image.

    `previous_execution` is the ARN of the one before it, "" if it is the first. Items of version 0.2.0 lack it.
    `text` is what was changed after an upload (imageservice.core.image_text); a restored image has it again.
    """

    id: str
    sequencer: str
    execution: str
    previous_execution: NotRequired[str]
    text: NotRequired[dict[str, FieldSet]]
    created_at: str
    updated_at: str


class _MaybeServed(_Always, total=False):
    """What an earlier upload left: all of it if its renditions are still served.

    `revision` counts the changes of what is served, and `replaced` are the renditions that the last record replaced.
    `served_sequencer` is that of the upload or deletion that made the last change: nothing older is recorded. Items of
    version 0.2.0 lack it.
    """

    revision: int
    served_sequencer: str
    digest: str
    source: Source
    renditions: list[Rendition]
    replaced: list[Rendition]
    aliases: dict[str, str]
    alpha: bool
    placeholder: str
    color: str


class Processing(_MaybeServed):
    status: Literal["PROCESSING"]
    upload: UploadRecord


class Rejected(_MaybeServed):
    status: Literal["REJECTED"]
    upload: UploadRecord
    error: Error


class Failed(_MaybeServed):
    status: Literal["FAILED"]
    upload: UploadRecord
    error: Error


class Ready(_Always):
    status: Literal["READY"]
    upload: UploadRecord
    revision: int
    served_sequencer: NotRequired[str]
    digest: str
    source: Source
    renditions: list[Rendition]
    replaced: list[Rendition]
    aliases: dict[str, str]
    alpha: bool
    placeholder: str
    color: str
    error: NotRequired[Error]


class Deleted(_Always):
    """A tombstone. `replaced` goes once the renditions are deleted; `error` stays while the removal has failed."""

    status: Literal["DELETED"]
    revision: int
    served_sequencer: NotRequired[str]
    replaced: NotRequired[list[Rendition]]
    error: NotRequired[Error]
    expires_at: int


Item = Processing | Rejected | Failed | Ready | Deleted
