"""The rules for an image's text, whichever way it is set. `image_text.schema.json` has them; this module applies them.

The schema's own library is not used: an upload would wait a tenth of a second for its import.
"""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

from imageservice.core.errors import RequestInvalid
from imageservice.core.image_text import FIELDS

MOST_BYTES: Final = 8192
"""Of all fields together, as JSON in UTF-8: a metadata answer and a cache entry stay small."""


def check_text(document: object, *, removable: bool = False) -> dict[str, Any]:
    """The fields in `document`, as they are. If `removable`, null may stand for each.

    Raises RequestInvalid with one sentence that says which field is wrong, and what is accepted.
    """
    if not isinstance(document, Mapping):
        raise RequestInvalid("text must be an object.")
    rules = _schema()["properties"]
    for name, value in document.items():
        if name not in rules:
            raise RequestInvalid(f"text has no field {ascii(name)[:80]}; it has {', '.join(FIELDS)}.")
        if not (removable and value is None):
            _check(name, value, rules[name])
    if len(_as_json(dict(document))) > MOST_BYTES:
        raise RequestInvalid(f"text may have at most {MOST_BYTES:,} bytes in all its fields together.")
    return dict(document)


def _check(name: str, value: object, rule: Mapping[str, Any]) -> None:
    rule = {**_schema()["$defs"][rule["$ref"].rpartition("/")[2]], **rule} if "$ref" in rule else rule
    if rule["type"] == "array":
        _check_list(name, value, rule)
        return
    if not isinstance(value, str):
        raise RequestInvalid(f"{name} must be a text.")
    least, most = rule.get("minLength", 0), rule["maxLength"]
    if not least <= len(value) <= most:
        raise RequestInvalid(f"{name} has {len(value):,} characters; it may have {least} to {most:,}.")
    if not _is_unicode(value) or re.search(rule["not"]["pattern"], value):
        raise RequestInvalid(
            f"{name} has a character that is not accepted there, such as a control character."
        )


def _check_list(name: str, value: object, rule: Mapping[str, Any]) -> None:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise RequestInvalid(f"{name} must be a list of texts.")
    if len(value) > rule["maxItems"]:
        raise RequestInvalid(f"{name} has {len(value):,} entries; it may have at most {rule['maxItems']}.")
    for each in value:
        _check(f"each of {name}", each, rule["items"])
    if len(set(value)) < len(value):
        raise RequestInvalid(f"{name} has an entry twice.")


def _is_unicode(value: str) -> bool:
    """Whether UTF-8 can hold the text: JSON can spell half a character, such as \\ud800."""
    return value.isascii() or not any("\ud800" <= each <= "\udfff" for each in value)


def _as_json(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


@cache
def _schema() -> dict[str, Any]:
    text = files("imageservice.core").joinpath("image_text.schema.json").read_text()
    schema: dict[str, Any] = json.loads(text)
    return schema
