"""Finding an image's manifest: in the cache, or else in the table, and then it goes into the cache."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Literal, NamedTuple, Protocol

from imageservice.adapters.manifest_cache import CLAIMED, Claim, Known, Refreshed
from imageservice.core.errors import CacheUnavailable, StoreUnavailable
from imageservice.core.manifest import Manifest, manifest_of

# How long a reader waits for another one's read of the table before it reads for itself, and how often it looks.
_WAIT_S = 0.15
_FIRST_LOOK_S = 0.004
_LONGEST_PAUSE_S = 0.025

# Where a manifest came from, as the metrics name it: the cache; the cache, once another reader's miss had brought it;
# the table, and offered to the cache; the table, for the cache failed.
Source = Literal["CacheHit", "CacheShared", "CacheMiss", "CacheBypass"]


class Cache(Protocol):
    """What of imageservice.adapters.manifest_cache is used here."""

    def read(self, image_id: str) -> Known | Literal["CLAIMED"] | None: ...
    def claim(self, image_id: str) -> Claim | None: ...
    def fill(self, claim: Claim, manifest: Manifest | None) -> bool: ...
    def release(self, claim: Claim) -> None: ...
    def refresh(self, manifest: Manifest) -> Refreshed: ...


class Table(Protocol):
    """What of imageservice.adapters.image_table is used here."""

    def get(self, image_id: str) -> dict[str, Any] | None: ...


class Found(NamedTuple):
    """An image's manifest, None where there is no such image, and where it came from."""

    manifest: Manifest | None
    source: Source


class Lookup:
    """Reads through the cache. `table` makes the table on the first miss: its client costs more than a hundred hits."""

    def __init__(
        self, cache: Cache, table: Callable[[], Table], sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._cache = cache
        self._table = table
        self._sleep = sleep

    def find(self, image_id: str) -> Found:
        """The manifest, never older than the last refresh that was acknowledged before the call.

        Raises StoreUnavailable where neither the cache nor the table can tell.
        """
        try:
            held = self._cache.read(image_id)
            if isinstance(held, Known):
                return Found(held.manifest, "CacheHit")
            self._table()  # before the claim, which others wait for
            claim = self._cache.claim(image_id) if held is None else None
            if claim is None and (shared := self._await(image_id)) is not None:
                return Found(shared.manifest, "CacheShared")
        except CacheUnavailable:
            return Found(_read(self._table(), image_id), "CacheBypass")
        if claim is None:
            return Found(_read(self._table(), image_id), "CacheMiss")
        return load(self._cache, self._table(), claim)

    def _await(self, image_id: str) -> Known | None:
        """The entry that another reader is about to fill in, if it comes in time."""
        deadline = time.monotonic() + _WAIT_S
        pause = _FIRST_LOOK_S
        while time.monotonic() < deadline:
            self._sleep(pause)
            held = self._cache.read(image_id)
            if held is not CLAIMED:
                return held if isinstance(held, Known) else None
            pause = min(pause * 2, _LONGEST_PAUSE_S)
        return None


def load(cache: Cache, table: Table, claim: Claim) -> Found:
    """What the table says of the claimed image, put into the cache if the claim still holds.

    The claim alone keeps older entries out, so a cache that fails from here on takes nothing from the answer.
    """
    try:
        manifest = _read(table, claim.image_id)
    except StoreUnavailable:
        with suppress(CacheUnavailable):
            cache.release(claim)
        raise
    try:
        cache.fill(claim, manifest)
    except CacheUnavailable:
        return Found(manifest, "CacheBypass")
    return Found(manifest, "CacheMiss")


def refresh(cache: Cache, table: Callable[[], Table], manifest: Manifest) -> bool:
    """Brings a recorded manifest or tombstone to readers: after it no read answers anything older.

    False where the cache held this revision, or a newer one, already. Raises CacheUnavailable, StoreUnavailable.
    """
    refreshed = cache.refresh(manifest)
    if isinstance(refreshed, Claim):
        load(cache, table(), refreshed)
        return True
    return refreshed == "STORED"


def _read(table: Table, image_id: str) -> Manifest | None:
    item = table.get(image_id)
    return None if item is None else manifest_of(item)
