"""What people say about an image: alternative text, caption, credit, copyright, tags, and the file's name.

It is set by an upload (core/uploaded_text) or later, and outlasts replacements. An image's item has it twice:

    source.text      what came with uploads; written with the renditions, by Record image
    text             what was changed later; written by nothing else

Each field has the time at which it was set, and the newer of the two is shown. So neither write can undo the other,
whichever comes first. `source.text_since` hides what was set in `text` until then: in an earlier life of the id.

imageservice.core.text_rules says what a field may hold.
"""

from collections.abc import Mapping
from typing import Any, Final, NotRequired, TypedDict

FIELDS: Final = ("alt", "caption", "credit", "copyright", "tags", "filename")


class ImageText(TypedDict, total=False):
    """The fields that are set. An empty `alt` says that the image is decoration."""

    alt: str
    caption: str
    credit: str
    copyright: str
    tags: list[str]
    filename: str


class FieldSet(TypedDict):
    """A field as an item has it: its value, None if it was removed, and when it was set (core/timestamps)."""

    value: str | list[str] | None
    at: str


Fields = Mapping[str, FieldSet]


class UploadedText(TypedDict):
    """The part of a source that is about text (imageservice.core.item)."""

    text: NotRequired[dict[str, FieldSet]]
    text_since: NotRequired[str]


NO_TEXT: Final = UploadedText()


def fields_set(values: Mapping[str, Any], at: str) -> dict[str, FieldSet]:
    """The values, with the time at which they are set."""
    return {name: FieldSet(value=value, at=at) for name, value in values.items()}


def shown_text(uploaded: UploadedText, changed: Fields) -> ImageText:
    """The text of an image by its source and its item's `text`: of each field what was set last."""
    since = uploaded.get("text_since", "")
    later = {name: each for name, each in changed.items() if each["at"] > since}
    shown = newest_fields(uploaded.get("text", {}), later)
    text: Any = {name: shown[name]["value"] for name in FIELDS if _has_value(shown.get(name))}
    made: ImageText = text
    return made


def text_of(item: Mapping[str, Any]) -> ImageText:
    """The text of an image's item."""
    return shown_text(item.get("source", NO_TEXT), item.get("text", {}))


def newest_fields(one: Fields, other: Fields) -> dict[str, FieldSet]:
    """Of each field the one that was set last; `other`'s at the same time."""
    return {
        **one,
        **{name: each for name, each in other.items() if name not in one or each["at"] >= one[name]["at"]},
    }


def _has_value(field: FieldSet | None) -> bool:
    return field is not None and field["value"] is not None
