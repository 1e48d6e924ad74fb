"""What a page may show while an image is not there: a gray or a transparent square, instead of a broken image.

The answer keeps its status (404, 410, 422) for programs, and no cache stores it. Browsers show an image whatever status
it comes with.
"""

from typing import Final

from imageservice.http.responses import Response

FALLBACKS: Final = ("gray", "transparent")
_FILL = {"gray": "#e5e5e5", "transparent": "none"}


def with_placeholder(response: Response, fallback: str) -> Response:
    """The response with an SVG of that kind as its body; it fills any box that the page gives it."""
    body = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="320" height="320" viewBox="0 0 1 1" '
        f'preserveAspectRatio="none"><rect width="1" height="1" fill="{_FILL[fallback]}"/></svg>'
    )
    headers = {**response["headers"], "content-type": "image/svg+xml"}
    return {**response, "headers": headers, "body": body}
