"""The name that an image has when it is saved: the one that people know, with the extension of what is delivered."""

import re
from urllib.parse import quote

from imageservice.core.manifest import Manifest, Rendition

_UNNAMED = "image"
_LONGEST = 150
# What image_text.schema.json refuses in a name; the ends are stripped.
_REFUSED = re.compile('[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff/\\\\:*?"<>|]')


def download_name(manifest: Manifest, rendition: Rendition) -> str:
    """The file's name in the image's text, else the last part of its id; without its extension, and with this one's."""
    known = manifest.get("text", {}).get("filename") or manifest["id"].rpartition("/")[2]
    stem, dot, _ = known.rpartition(".")
    stem = _REFUSED.sub("_", stem if dot else known)[:_LONGEST].strip(". ") or _UNNAMED
    return f"{stem}.{rendition['key'].rpartition('.')[2]}"


def disposition(name: str) -> str:
    """The Content-Disposition that saves an answer under this name, in the form of RFC 6266.

    Clients that don't know `filename*` get a name in ASCII. The CloudFront Function NameDownload has the same rule.
    """
    plain = re.sub("[^A-Za-z0-9._~! -]+", "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
