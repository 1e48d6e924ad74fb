"""One size of an image: the original read and decoded once, each format encoded and stored."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from imageservice.adapters.processed_bucket import Renditions
from imageservice.adapters.source_bucket import OriginalObject
from imageservice.core.keys import cache_tag, format_of
from imageservice.core.limits import Limits
from imageservice.core.manifest import Rendition
from imageservice.core.rendition_plan import Target
from imageservice.core.resize_plan import rendition, target_of
from imageservice.engine.render import NO_RIGHTS, render


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

        What was made before of the version that an original restores is copied, except the size that describes it, and
        renditions whose quality is to be found: copies would have no receipt.

        Raises ImageRejected if the original is gone, or if its pixels cannot be decoded.
        """
        target = target_of(resize)
        has_targets = any(isinstance(each, Mapping) for each in resize["quality"].values())
        if "made_before" in resize and not resize["describe"] and not has_targets:
            copied = self._copied(source["key"], digest, target, resize)
            if copied:
                return Sized({"renditions": copied}, copied, {}, 0)
        data = self._read(OriginalObject(source["bucket"], source["key"], source.get("version_id")))
        rendered = render(
            data,
            target,
            resize["formats"],
            self._limits,
            resize["quality"],
            describe=resize["describe"],
            light=resize["light"],
            rights=resize.get("rights", NO_RIGHTS),
        )
        records = []
        for image in rendered.images:
            pixels = image.width, image.height
            length = len(image.data)
            record = rendition(source["key"], digest, target, image.format, pixels, length, image.search)
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

    def _copied(
        self, image_id: str, digest: str, target: Target, resize: Mapping[str, Any]
    ) -> list[Rendition]:
        """Copies of what was made of the version that the original restores; none if some of it has expired.

        The same version, plan and engine give the same bytes. Its pixels alone decided what `fallback` is, so the files
        themselves say it.
        """
        stored = [
            each
            for each in self._renditions.of_digest(image_id, resize["made_before"])
            if each.key.rpartition("/")[2].rpartition(".")[0] == target.name
        ]
        formats = resize["formats"]
        if len(stored) != len(formats):
            return []
        stored.sort(key=lambda each: [*formats, format_of(each.key)].index(format_of(each.key)))
        records = []
        for each in stored:
            pixels = target.width, target.height
            record = rendition(image_id, digest, target, format_of(each.key), pixels, each.bytes)
            if not self._renditions.copy_rendition(each, record["key"], cache_tag(image_id)):
                return []
            records.append(record)
        return records
