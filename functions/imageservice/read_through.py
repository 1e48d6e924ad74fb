"""Finds an image's manifest: in the cache, or else in the table; then it stores it in the cache."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Literal, NamedTuple, Protocol

from imageservice.adapters.deadline import time_left
from imageservice.adapters.manifest_cache import LEASED, CacheEntry, Lease, Refreshed
from imageservice.core.errors import CacheUnavailable, StoreUnavailable
from imageservice.core.manifest import Manifest, manifest_of

WAIT_S = 0.15
"""How long a reader waits for another one's read of the table before it reads the table itself."""
_FIRST_LOOK_S = 0.004
_LONGEST_PAUSE_S = 0.025

# Where a manifest came from, as the metrics name it: the cache; the cache, after another reader's miss filled it;
# the table, and then offered to the cache; the table, because the cache failed.
Source = Literal["CacheHit", "CacheShared", "CacheMiss", "CacheBypass"]


class FilledCache(Protocol):
    """The part of imageservice.adapters.manifest_cache that fills under a lease."""

    def fill(self, lease: Lease, manifest: Manifest | None) -> bool: ...
    def release(self, lease: Lease) -> None: ...


class ReadCache(FilledCache, Protocol):
    """The part that readers use."""

    def read(self, image_id: str) -> CacheEntry | Literal["LEASED"] | None: ...
    def lease(self, image_id: str) -> Lease | None: ...


class RefreshedCache(FilledCache, Protocol):
    """The part that refreshes use."""

    def refresh(self, manifest: Manifest) -> Refreshed: ...
    def confirm(self, manifest: Manifest) -> None: ...


class Table(Protocol):
    """The part of imageservice.adapters.image_table that is used here."""

    def get(self, image_id: str) -> dict[str, Any] | None: ...


class ReadResult(NamedTuple):
    """An image's manifest (None if there is no such image), and where it came from."""

    manifest: Manifest | None
    source: Source


class ReadThrough:
    """Reads through the cache.

    `table` makes the table on the first miss. `wait` is how many
    seconds to wait for another reader's read of the table before reading the table here.
    """

    def __init__(self, cache: ReadCache, table: Callable[[], Table], wait: float = WAIT_S) -> None:
        self._cache = cache
        self._table = table
        self._wait = wait

    def find(self, image_id: str) -> ReadResult:
        """The manifest, never older than the last refresh that was acknowledged before the call.

        Raises StoreUnavailable if neither the cache nor the table answers.
        """
        try:
            entry = self._cache.read(image_id)
            if isinstance(entry, CacheEntry):
                return ReadResult(entry.manifest, "CacheHit")
            self._table()  # before the lease, which others wait for
            lease = self._cache.lease(image_id) if entry is None else None
            if lease is None and (shared := self._await(image_id)) is not None:
                return ReadResult(shared.manifest, "CacheShared")
        except CacheUnavailable:
            return ReadResult(_read(self._table(), image_id), "CacheBypass")
        if lease is None:
            return ReadResult(_read(self._table(), image_id), "CacheMiss")
        return load(self._cache, self._table(), lease)

    def _await(self, image_id: str) -> CacheEntry | None:
        """The entry that another reader is about to fill in, if it comes in time."""
        # Half of what is left is for reading the table here after all.
        deadline = time.monotonic() + min(self._wait, time_left() / 2)
        pause = _FIRST_LOOK_S
        while time.monotonic() < deadline:
            time.sleep(pause)
            entry = self._cache.read(image_id)
            if entry is not LEASED:
                return entry if isinstance(entry, CacheEntry) else None
            pause = min(pause * 2, _LONGEST_PAUSE_S)
        return None


def load(cache: FilledCache, table: Table, lease: Lease) -> ReadResult:
    """The table's manifest of the leased image; it is stored in the cache if the lease still holds.

    The lease alone keeps older entries out, so the answer is right even if the cache fails from here on.
    """
    try:
        manifest = _read(table, lease.image_id)
    except StoreUnavailable:
        with suppress(CacheUnavailable):
            cache.release(lease)
        raise
    try:
        cache.fill(lease, manifest)
    except CacheUnavailable:
        return ReadResult(manifest, "CacheBypass")
    return ReadResult(manifest, "CacheMiss")


def refresh(cache: RefreshedCache, table: Callable[[], Table], manifest: Manifest) -> bool:
    """Brings a recorded manifest or tombstone to readers: after this call, no read answers anything older.

    Returns False if the cache already held this revision or a newer one. Raises CacheUnavailable, StoreUnavailable.
    """
    refreshed = cache.refresh(manifest)
    if isinstance(refreshed, Lease):
        load(cache, table(), refreshed)
    cache.confirm(manifest)
    return refreshed != "KEPT"


def _read(table: Table, image_id: str) -> Manifest | None:
    item = table.get(image_id)
    return None if item is None else manifest_of(item)
