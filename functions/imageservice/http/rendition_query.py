"""The parameters that choose a rendition: `size`, or `w` and `dpr`; and `format`."""

import re
from collections.abc import Mapping
from math import ceil

from imageservice.core.errors import RequestInvalid
from imageservice.core.formats import FALLBACK, RENDITION_FORMATS, format_named
from imageservice.core.negotiation import RenditionQuery

NAMES = ("size", "w", "dpr", "format")
DOWNLOAD = "download"
"""The parameter that has a rendition saved as a file, whatever its value."""

_MAX_WIDTH = 20_000
_MAX_DPR = 10
_DECIMAL = re.compile(r"[0-9]{1,5}(\.[0-9]{1,4})?", re.ASCII)
_DIGITS = 5
_SIZE = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}", re.ASCII)  # as in rendition_plan.schema.json


def rendition_query(parameters: Mapping[str, str]) -> RenditionQuery:
    """What the parameters choose; other parameters are ignored.

    The CloudFront Function in template.yaml applies the same rules, in JavaScript. Raises RequestInvalid.
    """
    size, width, dpr = parameters.get("size"), parameters.get("w"), parameters.get("dpr")
    name = _format(parameters.get("format"))
    if size is not None and not _SIZE.fullmatch(size):
        raise RequestInvalid("size must be the name of a size.")
    if width is None:
        if dpr is not None:
            raise RequestInvalid("dpr requires w.")
        return RenditionQuery(size, None, name)
    if size is not None:
        raise RequestInvalid("size and w can't be combined.")
    pixels = _number("w", width, _MAX_WIDTH)
    return RenditionQuery(None, ceil(pixels if dpr is None else pixels * _number("dpr", dpr, _MAX_DPR)), name)


def _format(name: str | None) -> str | None:
    if name is None or name == FALLBACK:
        return name
    row = format_named(name)
    if row is None or row.role is None:
        raise RequestInvalid(f"format must be one of {', '.join((*RENDITION_FORMATS, FALLBACK))}.")
    return row.name


def _number(name: str, text: str, most: int) -> float:
    whole = len(text) <= _DIGITS and text.isascii() and text.isdigit()
    number = int(text) if whole else float(text) if _DECIMAL.fullmatch(text) else 0
    if not 0 < number <= most:
        raise RequestInvalid(f"{name} must be a number above 0 and at most {most}.")
    return number
