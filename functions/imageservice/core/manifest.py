"""The manifest: an image's metadata as readers get it, and as the caches store it.

It is a dict, not a class: the reader decodes one for every redirect, in microseconds.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal, NotRequired, TypedDict, get_args

from imageservice.core.image_text import ImageText, text_of

Status = Literal["PROCESSING", "READY", "REJECTED", "FAILED", "DELETED"]
STATUSES: Final[tuple[Status, ...]] = get_args(Status)


Outcome = Literal["reached", "nearest", "out_of_time", "original"]


class Search(TypedDict):
    """How the quality of a rendition was found, where the plan has a target: a score by SSIMULACRA2, up to 100.

    `quality` is the encoder's, missing if it is lossless; `score` is what the rendition has. `outcome`:

    - `reached`: the score is the target's, or up to a point more, if fewer bytes bring as much.
    - `nearest`: no quality reaches the target; this one scores at most a point less than the highest.
    - `out_of_time`: nothing had reached the target when the time was up. The quality is the default.
    - `original`: the original's own size allows no more bytes than the original. There is no score.
    """

    target: int
    outcome: Outcome
    quality: NotRequired[int]
    score: NotRequired[float]


class Rendition(TypedDict):
    """One object in ProcessedBucket: `size` is the plan's name, `width` and `height` pixels, `bytes` its length.

    `search` is there if the plan has a target for its format's quality, and if the rendition does not move.
    """

    size: str
    width: int
    height: int
    format: str
    key: str
    bytes: int
    search: NotRequired[Search]


class Failure(TypedDict):
    """Why an upload did not become READY: the error's name, and the cause in words for people."""

    name: str
    cause: str


class Manifest(TypedDict, total=False):
    """What is known about one image. `id`, `status` and `revision` are always there.

    `status` is that of what is served: READY while there are renditions, whatever happens to a newer upload.
    `width`, `height`, `bytes`, `format` and `frames` are those of the original that the renditions were made from.
    `focus` is its focal point, such as "0.42,0.18": parts of the width and the height; missing if it has none.
    `alpha` is whether any pixel of it is less than opaque; manifests from before version 0.2.0 lack it.
    `aliases` names the sizes that are identical to another one: {"w1920": "w1280"}. Without any `text`, it is missing.
    """

    id: str
    status: Status
    revision: int
    digest: str
    format: str
    width: int
    height: int
    frames: int
    bytes: int
    focus: str
    renditions: list[Rendition]
    aliases: dict[str, str]
    alpha: bool
    placeholder: str
    color: str
    text: ImageText
    error: Failure
    updated_at: str


_OF_THE_SOURCE = ("format", "width", "height", "frames", "bytes", "focus")
_OF_THE_ITEM = ("digest", "renditions", "aliases", "alpha", "placeholder", "color", "updated_at")


def manifest_of(item: Mapping[str, Any]) -> Manifest:
    """The manifest of an item of ImageTable (design section 7)."""
    manifest = Manifest(id=item["id"], status=item["status"], revision=item.get("revision", 0))
    if item["status"] == "DELETED":
        return manifest
    if not item.get("renditions"):
        if "error" in item:
            manifest["error"] = Failure(name=item["error"]["name"], cause=item["error"]["cause"])
        return manifest
    manifest["status"] = "READY"
    # The names are a manifest's own, which the type checker can't see in a comprehension; so below.
    manifest.update({name: item[name] for name in _OF_THE_ITEM if name in item})  # type: ignore[typeddict-item]
    source = item["source"]
    manifest.update({name: source[name] for name in _OF_THE_SOURCE if name in source})  # type: ignore[typeddict-item]
    if text := text_of(item):
        manifest["text"] = text
    return manifest
