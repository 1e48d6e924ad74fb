"""Names that are derived, never random: the same upload always has the same keys."""

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from imageservice.core.formats import FORMATS

_BY_EXTENSION = {row.extension: row.name for row in FORMATS.values()}


def source_identity(upload: Mapping[str, Any]) -> str:
    """Distinguishes one upload of a key from another: its version id, or its etag if the bucket has no versions."""
    identity: str = upload.get("version_id") or upload["etag"]
    return identity


PRIVATE_PLAN = "private "
"""How the fingerprint of a plan begins whose images are private."""

_PRIVATE = "p"
DIGEST = f"[0-9a-f{_PRIVATE}][0-9a-f]{{15}}"
"""A digest, as a regular expression."""


def digest(identity: str, plan_fingerprint: str, engine_version: str, focus: str = "") -> str:
    """16 hex digits that stand for one upload (`source_identity`) under one plan, one engine and its focal point.

    No focal point is left out: an image without one keeps the digest that it had before there were any.
    The first digit is `p` if the plan's images are private. So a key alone says whether the edge may serve it to
    everybody, and a change of access is a change of keys.
    """
    parts = [identity, plan_fingerprint, engine_version, *([focus] if focus else [])]
    text = json.dumps(parts, separators=(",", ":"))
    hexadecimal = hashlib.sha256(text.encode()).hexdigest()
    return _PRIVATE + hexadecimal[:15] if plan_fingerprint.startswith(PRIVATE_PLAN) else hexadecimal[:16]


def is_private(digest: str) -> bool:
    """Whether it is the digest of a private image's renditions."""
    return digest.startswith(_PRIVATE)


def private_key(rendition_key: str) -> str:
    """The key under which a private image has the same rendition."""
    image_id, digest, file = rendition_key.rsplit("/", 2)
    return f"{image_id}/{_PRIVATE}{digest[1:]}/{file}"


def digest_of(rendition_key: str) -> str:
    return rendition_key.rsplit("/", 2)[1]


def rendition_key(image_id: str, digest: str, size: str, format: str) -> str:
    """The object key of a rendition in ProcessedBucket; the object never changes."""
    return f"{image_id}/{digest}/{size}.{FORMATS[format].extension}"


ALL_IMAGES = "all-images"
"""The tag of every answer about any image."""

# CloudFront reads at most 50 tags of an answer, one of which is the image's own.
_MOST_FOLDERS = 49


def format_of(rendition_key: str) -> str:
    """The format of a rendition, by the extension of its key. Raises KeyError if it is no rendition's."""
    return _BY_EXTENSION[rendition_key.rpartition(".")[2]]


@lru_cache(maxsize=512)
def cache_tag(image_id: str) -> str:
    """The tag that every cached response of an image carries at the edge, so that one invalidation purges them all.

    A hash, because CloudFront's tags are case-insensitive, ASCII and at most 256 characters. Source:
    docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-tags.html
    """
    return "image-" + hashlib.sha256(image_id.encode()).hexdigest()[:32]


@lru_cache(maxsize=512)
def answer_tags(image_id: str) -> str:
    """The tags of the API's answers about an image, separated by commas: its own, and one for each folder around it."""
    return ",".join([cache_tag(image_id), *map(_folder_tag, _folders(image_id))])


def run_tag(prefix: str) -> str:
    """The one tag that all answers about the images below a prefix of ids carry.

    It is the tag of the deepest folder that holds them all, so it may cover more images than the prefix does.
    """
    return _folder_tag(_folders(prefix)[-1])


def _folders(path: str) -> list[str]:
    """The folders around a path, the outermost (all images) first."""
    parts = path.split("/")[:-1]
    return ["".join(f"{part}/" for part in parts[:depth]) for depth in range(len(parts) + 1)][:_MOST_FOLDERS]


def _folder_tag(folder: str) -> str:
    return f"folder-{hashlib.sha256(folder.encode()).hexdigest()[:16]}" if folder else ALL_IMAGES
