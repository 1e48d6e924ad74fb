"""An image's text in an original's own metadata (x-amz-meta-alt, …), and as a part of the image's item.

S3 takes 2 KB of names and values, in ASCII. Other characters are percent-encoded UTF-8 here. A client may also send
UTF-8 as it is; then S3 returns it as in RFC 2047, `=?UTF-8?B?…?=`. Source:
docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from email.errors import HeaderParseError
from email.header import decode_header
from typing import Any
from urllib.parse import quote, unquote

from imageservice.core.errors import RequestInvalid
from imageservice.core.image_text import FIELDS, FieldSet, UploadedText, fields_set, newest_fields
from imageservice.core.original_metadata import MOST_BYTES, UPLOADED_AT, is_copy
from imageservice.core.text_rules import check_text
from imageservice.core.timestamps import from_text, to_text

_CHARSETS = ("utf-8", "us-ascii", "iso-8859-1")


def text_metadata(text: Mapping[str, Any], others: Mapping[str, str]) -> dict[str, str]:
    """The metadata of an upload that sets this text (imageservice.core.image_text), beside `others`.

    Raises RequestInvalid if S3 has no room for it.
    """
    made = {
        name: ",".join(map(_encoded, value)) if isinstance(value, list) else _encoded(value)
        for name, value in check_text(text).items()
    }
    used = sum(len(name) + len(value) for name, value in {**others, **made}.items())
    if used > MOST_BYTES:
        raise RequestInvalid(
            f"text takes {used:,} bytes with an upload, where S3 stores at most {MOST_BYTES:,};"
            " set it with PATCH /metadata once the image is uploaded."
        )
    return made


def text_in(metadata: Mapping[str, str]) -> dict[str, Any]:
    """The text that an upload sets. What breaks the rules is left out: other programs may use these names."""
    found: dict[str, Any] = {}
    for name in FIELDS:
        with suppress(RequestInvalid):
            found |= _field(name, metadata)
    return found


def text_sent(metadata: Mapping[str, str]) -> dict[str, Any]:
    """The same of a call that can be refused. Raises RequestInvalid for the first field that breaks the rules.

    Characters that are not ASCII as they are would be refused by S3's client, and servers on the way decode them
    differently.
    """
    for name in FIELDS:
        if not metadata.get(name, "").isascii():
            raise _unreadable(name)
    return {name: value for field in FIELDS for name, value in _field(field, metadata).items()}


def uploaded_text(
    metadata: Mapping[str, str],
    stored_at: str,
    *,
    served: bool,
    uploaded: UploadedText,
    changed: Mapping[str, FieldSet],
) -> UploadedText:
    """What the source of this upload has about text.

    `stored_at` is when S3 stored the original. `served`, `uploaded` and `changed` are of the image's item when the
    upload was registered: whether it had a source, that source's text, and what was changed later. A new image under
    the id of a deleted one begins without any text; a restored one gets back what it had, and a changed focal
    point changes no text.
    """
    copied = is_copy(metadata)
    at = min(_moment(metadata.get(UPLOADED_AT)) or stored_at, stored_at) if copied else stored_at
    # What came with a later upload than the one that was copied goes with it.
    earlier = {name: each for name, each in uploaded.get("text", {}).items() if each["at"] <= at}
    text = newest_fields(earlier, fields_set(text_in(metadata), at))
    since = uploaded.get("text_since", "") if served or copied or not changed else at
    return {**({"text": text} if text else {}), **({"text_since": since} if since else {})}


def _moment(text: str | None) -> str | None:
    try:
        return to_text(from_text(text)) if text else None
    except ValueError:
        return None


def _field(name: str, metadata: Mapping[str, str]) -> dict[str, Any]:
    """The checked field of this name, as it is in the text; empty without one. Raises RequestInvalid."""
    if name not in metadata:
        return {}
    try:
        value = _decoded(name, metadata[name])
    except (ValueError, LookupError, HeaderParseError) as error:
        raise _unreadable(name) from error
    return check_text({name: value})


def _unreadable(name: str) -> RequestInvalid:
    return RequestInvalid(
        f"x-amz-meta-{name} can't be read: it must be ASCII, with other characters percent-encoded as UTF-8,"
        " or in the form of RFC 2047."
    )


def _decoded(name: str, value: str) -> str | list[str]:
    text = _as_sent(value)
    if name != "tags":
        return unquote(text, errors="strict")
    tags = [unquote(each.strip(), errors="strict") for each in text.split(",")]
    return list(dict.fromkeys(filter(None, tags)))


def _encoded(text: str) -> str:
    # HTTP removes the spaces around a header's value.
    return re.sub("^ | $", "%20", quote(text, safe=" "))


def _as_sent(value: str) -> str:
    """A header's value without the encoded words of RFC 2047. Raises LookupError, ValueError, HeaderParseError."""
    if "=?" not in value:
        return value
    parts = []
    for content, charset in decode_header(value):
        if isinstance(content, str):
            parts.append(content)
            continue
        if charset is not None and charset.lower() not in _CHARSETS:
            raise LookupError(charset)
        parts.append(content.decode(charset or "ascii"))
    return "".join(parts)
