"""The focal point of an image: the place that every crop shows, as text in one form everywhere, such as `0.42,0.18`.

The numbers are parts of the width from the left and of the height from the top, 0 to 1, of the image as a person sees
it: after EXIF or container rotation. They are kept to four decimals.

    x-amz-meta-focus of an original        the same text; one that is not valid is ignored, and noted
    `focus` of POST /uploads, the header   a request with one that is not valid is refused
    of PUT /images, `images focus`
"""

import re

from imageservice.core.errors import FocusInvalid

_NUMBER = r"0(?:\.[0-9]{1,16})?|1(?:\.0{1,16})?|\.[0-9]{1,16}"
_FOCUS = re.compile(f"({_NUMBER}) *, *({_NUMBER})")
_SHOWN = 60
_LONGEST = 100


def check_focus(text: str) -> str:
    """The focal point in the form that is stored: `0.42,0.18`. Raises FocusInvalid."""
    found = _FOCUS.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if found is None:
        raise FocusInvalid(
            f"The focus is {text[:_SHOWN]!a}; it must be two numbers from 0 to 1, from the left and from the top,"
            " such as 0.42,0.18."
        )
    return ",".join(f"{round(float(number), 4):g}" for number in found.groups())


def is_focus(gravity: str) -> bool:
    """Whether a target's gravity is a focal point."""
    return "," in gravity


def focal_point(focus: str) -> tuple[float, float]:
    """The parts of the width and the height of a checked focus."""
    across, down = focus.split(",")
    return float(across), float(down)
