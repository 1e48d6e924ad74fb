"""Retires the renditions that an image no longer has, and deletes those that show a private image to everybody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from imageservice.adapters.image_table import ImageTable
from imageservice.adapters.processed_bucket import Renditions, StoredRendition
from imageservice.core.errors import CacheUnavailable, PurgeIncomplete
from imageservice.core.keys import cache_tag, is_private
from imageservice.core.retirement import is_at_work, may_be_recorded


class Edge(Protocol):
    """Purges what carries a tag; whether that is complete in time. Raises CacheUnavailable."""

    def purge(self, tag: str, reference: str) -> bool: ...


@dataclass(frozen=True)
class Request:
    """What an execution asks for: `retire_renditions.handler` describes each."""

    upload: Mapping[str, Any]
    execution: str
    digests: Sequence[str]
    left_over: bool
    sequencer: str | None = None


class Retired(NamedTuple):
    """How many renditions will expire, and how many were deleted because everybody could read them."""

    retired: int
    exposed: int


@dataclass(frozen=True)
class Retirer:
    """Works on the table and ProcessedBucket. Without an `edge`, none is purged."""

    table: ImageTable
    renditions: Renditions
    edge: Edge | None

    def retire(self, request: Request, call: str) -> Retired:
        """Retires what the request asks for; of an image that is now private, it deletes each public rendition.

        `call` is an id that no other call has. Renditions that are served now stay. All stay while another execution
        works on the same upload: if the plan was changed back, that one makes the same keys again, and this one must
        not retire them. What was made and not recorded also stays while another execution of the same upload may still
        record it. Raises PurgeIncomplete and RemovalIncomplete.
        """
        image_id = request.upload["key"]
        # Listed before the item is read: what a later execution stores is not in the lists.
        listed = {digest: self.renditions.of_digest(image_id, digest) for digest in request.digests}
        if request.left_over:
            listed |= self._others(image_id, request.digests)
        item = self._item(image_id)
        if _is_private(item) and not request.left_over:
            # Earlier versions were public: they are retired, but readable until they expire.
            listed |= self._others(image_id, request.digests, public_only=True)
            item = self._item(image_id)
        if is_at_work(item, request.execution, request.upload) or may_be_recorded(item, request.sequencer):
            return Retired(0, 0)
        if item.get("execution") != request.execution:
            listed = {digest: listed[digest] for digest in request.digests}
        served = {rendition["key"] for rendition in item.get("renditions", [])}
        unserved = {
            digest: [each for each in reversed(of_digest) if each.key not in served]
            for digest, of_digest in listed.items()
        }
        exposed = [digest for digest in unserved if _is_private(item) and not is_private(digest)]
        keys = [stored.key for digest in exposed for stored in unserved.pop(digest)]
        self.renditions.remove(keys)
        if exposed or (_is_private(item) and request.left_over):
            self._purge(request, item, call if keys else "")
        tag = cache_tag(image_id)
        expiring = [
            self.renditions.retire(stored, tag)
            for digest, of_digest in unserved.items()
            if digest in request.digests or not self._is_retired(listed[digest])
            for stored in of_digest
        ]
        return Retired(sum(expiring), len(keys))

    def _others(
        self, image_id: str, digests: Sequence[str], *, public_only: bool = False
    ) -> dict[str, list[StoredRendition]]:
        """What else the image has, by its digest."""
        others = [each for each in self.renditions.digests(image_id) if each not in digests]
        return {
            digest: self.renditions.of_digest(image_id, digest)
            for digest in others
            if not (public_only and is_private(digest))
        }

    def _is_retired(self, of_digest: Sequence[StoredRendition]) -> bool:
        """Whether they will expire, and must not become younger. The last one is retired first, so the first one shows
        whether all are."""
        return not of_digest or self.renditions.is_retired(of_digest[0])

    def _item(self, image_id: str) -> dict[str, Any]:
        return self.table.get(image_id) or {}

    def _purge(self, request: Request, item: Mapping[str, Any], call: str) -> None:
        """Purges the image's files, which a reader may have had the edge fetch again until they were deleted.

        A call that deleted some begins a purge of its own. One that found none may be the repetition of one that was
        killed after it had deleted them, so it purges too; all of these are the same purge.
        """
        if self.edge is None:
            return
        reference = call or f"{request.execution.rpartition(':')[2]}-{item['revision']}"
        try:
            complete = self.edge.purge(cache_tag(request.upload["key"]), f"exposed-{reference}")
        except CacheUnavailable as error:
            raise PurgeIncomplete(str(error)) from error
        if not complete:
            raise PurgeIncomplete("the CDN's purge takes longer than this function waits")


def _is_private(item: Mapping[str, Any]) -> bool:
    return is_private(item.get("digest", ""))
