"""Links to private images: what their signature covers, and for how long they may be valid.

    /signed/images/ID?size=w640&expires=1795687200&key=K2JCJMDEHXQW5F&signature=MEUCIQ…

The signature covers the path and every other parameter, both decoded. So no spelling of an id or a parameter makes
another link of it, and a link for a size is for no other size. `key` names the public key that it is checked with.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from imageservice.core.errors import LinkExpired, LinkInvalid, RequestInvalid

SIGNED: Final = "/signed"
"""What the paths of signed links begin with, before /images/, /metadata/, /uploads/ or /renditions/."""

EXPIRES, KEY, SIGNATURE = "expires", "key", "signature"
LONGEST_S: Final = 7 * 24 * 3600
# CloudFront's policies are signed with the same keys: no text of one kind may be one of the other.
_KIND = "image link"
# The clocks of two machines.
_SKEW_S = 60
_DIGITS = 12


def check_seconds(seconds: int) -> int:
    """The lifetime of a new link. Raises RequestInvalid."""
    if not 1 <= seconds <= LONGEST_S:
        raise RequestInvalid(f"A link may be valid for 1 to {LONGEST_S} seconds (7 days).")
    return seconds


def signed_text(path: str, parameters: Mapping[str, str]) -> bytes:
    """What is signed of a link: its path, decoded, and its parameters, decoded and in the order of their names."""
    others = sorted((name, value) for name, value in parameters.items() if name != SIGNATURE)
    return "\n".join((_KIND, path, urlencode(others, errors="surrogatepass"))).encode(errors="surrogatepass")


def expiry(parameters: Mapping[str, str], now: float) -> int:
    """When the link with these parameters, whose signature is valid, expires. Raises LinkExpired if it has.

    Raises LinkInvalid if it is valid for longer than any link may be.
    """
    text = parameters.get(EXPIRES, "")
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        raise LinkInvalid
    expires = int(text)
    if expires <= now:
        raise LinkExpired(expires)
    if expires > now + LONGEST_S + _SKEW_S:
        raise LinkInvalid
    return expires
