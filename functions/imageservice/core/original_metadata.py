"""What the service notes in an original's own metadata (x-amz-meta-…), where it costs no request and lives as long."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from imageservice.core.audit import Actor, as_stored
from imageservice.core.errors import FocusInvalid
from imageservice.core.focus import check_focus

UPLOADED_BY = "uploaded-by"
"""Who stored it, and via what."""
RESTORED_FROM = "restored-from"
"""The version that this one is a copy of, brought back by an operator."""
UPLOADED_AT = "uploaded-at"
"""When the version that this one is a copy of was uploaded (core/timestamps)."""
FOCUS = "focus"
"""The image's focal point (imageservice.core.focus)."""
REFOCUSED_FROM = "refocused-from"
"""The version that this one is a copy of, with another focal point."""
MOST_BYTES = 2048
"""Of the names and values of an object's metadata, together.

Source: docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
"""
_SHOWN = 60
_LONGEST = 1000


def uploaded_by(actor: Actor) -> dict[str, str]:
    """The metadata that says who stored an original; in ASCII, as S3 demands it."""
    return {UPLOADED_BY: quote(f"{as_stored(actor.who)} ({actor.via})", safe=" /:@()+=,.|")[:_LONGEST]}


def is_copy(metadata: Mapping[str, str]) -> bool:
    """Whether an operator copied it from another version, rather than that someone uploaded it."""
    return RESTORED_FROM in metadata or REFOCUSED_FROM in metadata


def focus_in(metadata: Mapping[str, str]) -> str:
    """The focal point that the metadata has, as it is; empty without one."""
    return metadata.get(FOCUS, "")


@dataclass(frozen=True)
class Notes:
    """What an original's metadata says about how to make its renditions.

    `focus` is empty without a valid one: an upload is never lost because of it. Then `ignored_focus` is the text's
    beginning. `restored_from` and `refocused_from` are versions that this one is a copy of.
    """

    restored_from: str = ""
    refocused_from: str = ""
    focus: str = ""
    ignored_focus: str = ""

    @classmethod
    def of(cls, metadata: Mapping[str, str]) -> "Notes":
        """The notes in the metadata, of which anything may be missing or hostile."""
        focus, ignored = focus_in(metadata), ""
        try:
            focus = check_focus(focus) if focus else ""
        except FocusInvalid:
            focus, ignored = "", focus[:_SHOWN]
        return cls(metadata.get(RESTORED_FROM, ""), metadata.get(REFOCUSED_FROM, ""), focus, ignored)
