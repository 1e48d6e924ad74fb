"""A change of what people say about an image: a JSON Merge Patch (RFC 7396) of what GET /metadata answers.

    {"text": {"alt": "Red shoe", "caption": null}}     sets one field, removes another, and leaves the others alone
    {"text": null}                                     removes all fields of the text
    {"focus": "0.42,0.18"}                             sets the focal point; null removes it

A member of the metadata that can be changed has an entry in `_MEMBERS`; all others come from the original. The text is
in the image's item. The focal point is in the original's own metadata, and the item has it once the crops are made.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from imageservice.core.errors import ImageChanged, RequestInvalid
from imageservice.core.focus import check_focus
from imageservice.core.image_text import FIELDS, NO_TEXT, fields_set, shown_text
from imageservice.core.original_metadata import FOCUS
from imageservice.core.text_rules import check_text

TEXT: Final = "text"
_TAG = re.compile(r'(?:W/)?"([0-9]{1,15})(?:-[0-9a-f]+)?"')


@dataclass(frozen=True)
class Change:
    """What a patch does: the item's attributes to write, and the names of what differs, such as `text.alt`.

    `focus` is the focal point that the original gets, empty to remove it; None if it has that already.
    """

    attributes: Mapping[str, Any]
    names: tuple[str, ...]
    focus: str | None = None


def check_patch(document: object) -> Mapping[str, Any]:
    """The patch, if it has only members that can be changed. Raises RequestInvalid."""
    if not isinstance(document, Mapping) or not document:
        raise RequestInvalid('The body must be a JSON object, such as {"text": {"alt": "Red shoe"}}.')
    for name in document:
        if name not in _MEMBERS:
            raise RequestInvalid(f"{ascii(name)[:80]} can't be changed; {', '.join(_MEMBERS)} can.")
    return {name: _MEMBERS[name](value) for name, value in document.items()}


def change_of(item: Mapping[str, Any], patch: Mapping[str, Any], now: str, focus: str = "") -> Change:
    """What a checked patch does at `now` (core/timestamps) to this item, whose original has the focal point `focus`.

    Raises RequestInvalid if the result would be too large.
    """
    text = _text_change(item, patch["text"], now) if TEXT in patch else Change({}, ())
    if patch.get(FOCUS, focus) == focus:
        return text
    return Change(text.attributes, (*text.names, FOCUS), patch[FOCUS])


def check_revision(if_match: str, revision: int) -> None:
    """Raises ImageChanged unless the condition, of entity tags that GET or PATCH gave, is empty, `*` or names this."""
    if if_match.strip() in ("", "*"):
        return
    tags = (_TAG.fullmatch(tag.strip()) for tag in if_match.split(","))
    if not any(tag and int(tag[1]) == revision for tag in tags):
        raise ImageChanged("The image has changed since; get its metadata again.")


def _text_patch(value: object) -> dict[str, Any]:
    return dict.fromkeys(FIELDS) if value is None else check_text(value, removable=True)


def _text_change(item: Mapping[str, Any], patch: Mapping[str, Any], now: str) -> Change:
    uploaded, changed = item.get("source", NO_TEXT), item.get("text", {})
    shown: Mapping[str, Any] = shown_text(uploaded, changed)
    different = {name: value for name, value in patch.items() if value != shown.get(name)}
    if not different:
        return Change({}, ())
    check_text({name: value for name, value in {**shown, **different}.items() if value is not None})
    # A clock may be behind the one that set what is there.
    known = [*uploaded.get("text", {}).values(), *changed.values()]
    at = max([now, *(each["at"] for each in known)])
    since = uploaded.get("text_since", "")
    lasting = {name: each for name, each in changed.items() if each["at"] > since}
    names = tuple(f"text.{name}" for name in different)
    return Change({"text": {**lasting, **fields_set(different, at)}}, names)


def _focus_patch(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RequestInvalid('focus must be a text, such as "0.42,0.18", or null.')
    return check_focus(value)


_MEMBERS: Mapping[str, Callable[[object], Any]] = {TEXT: _text_patch, FOCUS: _focus_patch}
