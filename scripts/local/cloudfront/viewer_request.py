"""The template's CloudFront Function in Python: a test under Node holds the two together."""

from __future__ import annotations

import re
from collections.abc import Mapping

_MODERN = ("avif", "webp")
_FALLBACKS = ("image/jpeg", "image/png", "image/gif", "image/*", "*/*")
_NUMBER = re.compile(r"[0-9]+\.?[0-9]*|\.[0-9]+")


def viewer_request(path: str, headers: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Path, still percent-encoded, and headers as they go on to the origin; header names are lower-case."""
    if path.startswith("/renditions/"):
        return path.removeprefix("/renditions"), dict(headers)
    return path.replace("%", "%25"), {
        **headers,
        "x-viewer-host": headers["host"],
        "accept": normalised(headers.get("accept", "")),
    }


def normalised(accept: str) -> str:
    """The one of five values that stands for an `Accept` header."""
    names = _preferred(accept)
    second = ";q=0.9" if names[:1] == ["webp"] else ""
    return ",".join(f"image/{name}{second if place else ''}" for place, name in enumerate(names)) or "*/*"


def _preferred(accept: str) -> list[str]:
    qualities: dict[str, float] = {}
    for part in accept.lower().split(","):
        name, *parameters = part.split(";")
        quality = 1.0
        for parameter in parameters:
            key, equals, value = parameter.partition("=")
            if equals and key.strip() == "q":
                quality = min(float(value), 1.0) if _NUMBER.fullmatch(value.strip()) else 0.0
        qualities[name.strip()] = quality
    fallback = max(qualities.get(name, 0) for name in _FALLBACKS)
    taken = [
        name
        for name in _MODERN
        if qualities.get(f"image/{name}", 0) > 0 and qualities[f"image/{name}"] >= fallback
    ]
    return sorted(taken, key=lambda name: -qualities[f"image/{name}"])
