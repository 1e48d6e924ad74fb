"""What a page asks of the HTML in the metadata, taken from the request's parameters."""

import re
from collections.abc import Mapping
from typing import Any, Final

from imageservice.core.errors import RequestInvalid
from imageservice.core.picture import FETCHPRIORITY, LOADING, STYLE, PictureOptions

DEFAULT_PICTURE: Final = PictureOptions()
# A page's own markup is longer; more than that is no text for an image.
LONGEST: Final = {"sizes": 200, "class": 200, "alt": 500}
CHOICES: Final = {"loading": LOADING, "fetchpriority": FETCHPRIORITY, "style": STYLE}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def read_picture(parameters: Mapping[str, str]) -> PictureOptions:
    """The options in these parameters. Raises RequestInvalid."""
    given: dict[str, Any] = {name: _text(name, parameters[name]) for name in LONGEST if name in parameters}
    given |= {name: _choice(name, parameters[name]) for name in CHOICES if name in parameters}
    if "class" in given:
        given["css_class"] = given.pop("class")
    if "style" in given:
        given["style"] = given["style"] != "none"
    return PictureOptions(**given)


def _text(name: str, text: str) -> str:
    if len(text) > LONGEST[name] or _CONTROL.search(text):
        raise RequestInvalid(
            f"{name} must have at most {LONGEST[name]} characters, and no control character."
        )
    return text


def _choice(name: str, text: str) -> str:
    if text not in CHOICES[name]:
        raise RequestInvalid(f"{name} must be one of {', '.join(CHOICES[name])}.")
    return text
