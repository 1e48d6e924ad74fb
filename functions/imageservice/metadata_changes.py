"""Changes what people say about an image: in the table, then in the cache, then at the edge.

No step makes a rendition. After `apply`, no read answers older text: the same promise as an upload's READY. Where
renditions say a part of the text, the workflow is started to make them again; the old ones are served meanwhile. So
they are while a new focal point's crops are made: it is a copy of the original, and the copy starts the workflow.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from imageservice.core.errors import ImageDeleted, ImageRejected, ImageUnknown, StoreUnavailable
from imageservice.core.keys import cache_tag
from imageservice.core.manifest import Manifest, manifest_of
from imageservice.core.metadata_patch import TEXT, Change, change_of, check_revision
from imageservice.core.original_metadata import FOCUS, focus_in
from imageservice.core.timestamps import to_text

_TRIES = 8


class Table(Protocol):
    """The part of imageservice.adapters.image_table that is used here."""

    def get(self, image_id: str) -> dict[str, Any] | None: ...
    def change(self, item: Mapping[str, Any], attributes: Mapping[str, Any]) -> dict[str, Any] | None: ...


class Focuses(Protocol):
    """The focal points in the originals' metadata (imageservice.adapters.original_copy). Raises StoreUnavailable."""

    def described(self, bucket: str, image_id: str) -> Any: ...
    def check(self, described: Any, focus: str) -> None: ...
    def change(self, bucket: str, image_id: str, described: Any, focus: str) -> str: ...


class Edge(Protocol):
    """Purges answers by their tag; whether that is complete in time. Raises CacheUnavailable."""

    def purge(self, tag: str, reference: str) -> bool: ...


@dataclass(frozen=True)
class Changed:
    """What readers now get. `names` are what differs; `purged` is whether the edge has let the old answers go, and
    `reprocessing` whether the image's renditions, or its crops, are made again. `version` is the upload that a new
    focal point is."""

    manifest: Manifest
    names: tuple[str, ...]
    purged: bool
    reprocessing: bool = False
    version: str = ""


@dataclass(frozen=True)
class MetadataChanges:
    """`refresh` brings an item to the cache, and raises CacheUnavailable. Without an `edge`, none is purged.

    `embeds` names the fields of the text that an image's renditions say, by its id; `reprocess` starts the workflow,
    and raises StoreUnavailable.
    """

    table: Table
    refresh: Callable[[Mapping[str, Any]], None]
    edge: Edge | None
    embeds: Callable[[str], Collection[str]]
    reprocess: Callable[[Mapping[str, Any]], None]
    focuses: Focuses
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def apply(self, image_id: str, patch: Mapping[str, Any], if_match: str = "") -> Changed:
        """Applies a checked patch (imageservice.core.metadata_patch): the text, then the focal point.

        A repeated one refreshes the caches again. Raises ImageUnknown, ImageDeleted, ImageRejected, ImageChanged,
        RequestInvalid, StoreUnavailable and, once the text is stored, CacheUnavailable.
        """
        bucket = self._bucket(image_id) if FOCUS in patch else ""
        original = self.focuses.described(bucket, image_id) if bucket else None
        if original is not None and patch[FOCUS] != focus_in(original["Metadata"]):
            # What can be refused is refused before the text is changed.
            self.focuses.check(original, patch[FOCUS])
        item, change = self._stored(image_id, patch, if_match, original)
        purged = True
        if item.get("renditions"):  # without any, no cache keeps the answer for longer than a second
            self.refresh(item)
            tag = cache_tag(image_id)
            purged = self.edge is None or self.edge.purge(tag, f"metadata-{tag}-{item['revision']}")
        if change.focus is not None:
            # The upload of the copy makes all that a part of the text is in, too.
            version = self.focuses.change(bucket, image_id, original, change.focus)
            return Changed(manifest_of(item), change.names, purged, True, version)
        # Whatever differs: a repeated change may be one whose first try ended before this.
        said = {*(patch.get(TEXT) or {})} & {*self.embeds(image_id)}
        if said and "upload" in item:
            self.reprocess(item)
        return Changed(manifest_of(item), change.names, purged, bool(said))

    def _bucket(self, image_id: str) -> str:
        """Where the original is. The item says it: the environment has no room for it beside the plan."""
        item = _changeable(self.table.get(image_id))
        return str((item.get("upload") or item["source"])["bucket"])

    def _stored(
        self, image_id: str, patch: Mapping[str, Any], if_match: str, original: Any
    ) -> tuple[Mapping[str, Any], Change]:
        for _ in range(_TRIES):
            item = _changeable(self.table.get(image_id))
            change = change_of(
                item, patch, to_text(self.now()), focus_in(original["Metadata"] if original else {})
            )
            if not change.names:
                return (
                    item,
                    change,
                )  # also where a condition no longer holds: it is what was asked for (RFC 9110, 13.1.1)
            check_revision(if_match, item.get("revision", 0))
            if not change.attributes and "revision" not in item:
                return item, change
            # A focal point alone takes a revision, too: of two with the same condition, one is refused.
            stored = self.table.change(item, change.attributes)
            if stored is not None:
                return stored, change
        raise StoreUnavailable("the image's item kept changing")


def _changeable(item: dict[str, Any] | None) -> dict[str, Any]:
    if item is None:
        raise ImageUnknown("There is no image with this id.")
    if item["status"] == "DELETED":
        raise ImageDeleted("This image was deleted.")
    if item["status"] == "REJECTED" and not item.get("renditions"):
        raise ImageRejected(item["error"]["cause"])
    return item
