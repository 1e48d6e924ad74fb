"""One size of an image: the original read and decoded once, each format encoded and stored."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from imageservice.adapters.processed_bucket import Renditions
from imageservice.adapters.source_bucket import OriginalObject
from imageservice.core.keys import cache_tag
from imageservice.core.limits import Limits
from imageservice.core.manifest import Rendition
from imageservice.core.resize_plan import rendition, target_of
from imageservice.engine.render import render


@dataclass(frozen=True)
class Sized:
    """`attributes` are those of the item: the renditions, and alpha, placeholder and color if the resize describes
    the image. `encode_ms` is by format; `original_bytes` is the number of bytes read."""

    attributes: dict[str, Any]
    renditions: list[Rendition]
    encode_ms: dict[str, float]
    original_bytes: int


class Sizer:
    """Reads originals with `read`, and stores renditions."""

    def __init__(
        self, read: Callable[[OriginalObject], bytes], renditions: Renditions, limits: Limits
    ) -> None:
        self._read, self._renditions, self._limits = read, renditions, limits

    def make(self, source: Mapping[str, Any], digest: str, resize: Mapping[str, Any]) -> Sized:
        """Makes the size of one entry of a resize plan; making it again stores the same bytes under the same keys.

        Raises ImageRejected if the original is gone, or if its pixels cannot be decoded.
        """
        target = target_of(resize)
        data = self._read(OriginalObject(source["bucket"], source["key"], source.get("version_id")))
        rendered = render(
            data,
            target,
            resize["formats"],
            self._limits,
            resize["quality"],
            describe=resize["describe"],
            light=resize["light"],
        )
        records = []
        for image in rendered.images:
            pixels = image.width, image.height
            record = rendition(source["key"], digest, target, image.format, pixels, len(image.data))
            self._renditions.put(record["key"], image.format, image.data, cache_tag(source["key"]))
            records.append(record)
        description = (
            {"alpha": rendered.alpha, "placeholder": rendered.placeholder, "color": rendered.color}
            if resize["describe"]
            else {}
        )
        return Sized(
            {"renditions": records, **description},
            records,
            {image.format: image.milliseconds for image in rendered.images},
            len(data),
        )
