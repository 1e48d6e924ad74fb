"""Which cache is in use: an item of ImageTable says it, so that a change of the cache never serves anything stale.

A stack's update gives the new cache to readers and to the refresh function at different times, and a failed update
takes it back. So readers may use a cache that refreshes no longer reach, or return to one with what it held before.
Hence:

    generation   the item names the cache in use, with a number that grows with each change; it begins the cache's keys
    claim        a refresh first reads the item. If it names another cache, the refresh puts its own there, with the
                 next number (imageservice.adapters.cache_claim)
    mark         a key in the cache with that number: less than `mark` seconds ago, the item named this cache. Readers
                 use a cache only under its mark, so none that was left longer ago
    hold         after a change from another cache, no refresh is acknowledged for `hold` seconds, longer than a mark
                 lives

docs/read-path.md has the argument, tests/integration/read_path/test_switching.py the histories.
"""

import hashlib
import math
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from imageservice.adapters.manifest_cache import CacheEntry, Lease, ManifestCache
from imageservice.adapters.settings import CacheSettings
from imageservice.core.errors import CacheSwitching, CacheUnavailable, StoreUnavailable
from imageservice.core.manifest import Manifest

ITEM = "\x01cache"
"""The item's key. No image has it: an image's id has no control characters."""

NONE = ""
"""The cache of a stack without one."""


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Seconds that a mark lives, that refreshes hold, and that a reader pauses after it found another cache in use."""

    mark: float
    hold: float
    pause: float


# The refresh function renews the mark every minute (template.yaml), which may be some seconds late. The hold is longer
# by more than two clocks of AWS differ.
LIFETIMES = Lifetimes(mark=75, hold=80, pause=1)


@dataclass(frozen=True, slots=True)
class Generation:
    """The cache in use, by its `cache_name`, and the number of the change that began it.

    `since` and `hold_until` are in seconds since 1970: no refresh is acknowledged before `hold_until`.
    """

    cache: str
    number: int
    since: float
    hold_until: float

    @classmethod
    def of_item(cls, item: Mapping[str, Any] | None) -> "Generation | None":
        """The generation in the item of ITEM; None if there is no such item: nothing was refreshed yet."""
        if item is None:
            return None
        return cls(item["cache"], item["generation"], float(item["since"]), float(item["hold_until"]))

    def as_item(self) -> dict[str, Any]:
        return {
            "id": ITEM,
            "cache": self.cache,
            "generation": self.number,
            "since": self.since,
            "hold_until": self.hold_until,
        }


class Items(Protocol):
    """The part of imageservice.adapters.image_table that is used here."""

    def get(self, image_id: str) -> dict[str, Any] | None: ...


def cache_name(config: CacheSettings) -> str:
    """A short name for the cache that is configured: the same for the same address and stack, else another; NONE.

    What comes after the `?` of the address says how to connect, and so makes no other cache.
    """
    if not config.url:
        return NONE
    address = f"{config.url.partition('?')[0]} {config.prefix} {config.iam_name}"
    return hashlib.sha256(address.encode()).hexdigest()[:16]


class CacheInUse:
    """The cache as readers may use it: `read` raises CacheSwitching while another one is in use.

    The other methods are called after `read`. What they store in a generation that has just ended no reader uses.
    """

    def __init__(
        self,
        cache: ManifestCache,
        name: str,
        items: Callable[[], Items],
        lifetimes: Lifetimes = LIFETIMES,
    ) -> None:
        self._cache = cache
        self._name = name
        self._items = items
        self._lifetimes = lifetimes
        self._seen, self._marked_for = Moment(), 0.0
        self._refused, self._refused_for = Moment(), 0.0

    def read(self, image_id: str) -> CacheEntry | Literal["LEASED"] | None:
        if self._seen.age() >= self._marked_for:
            self._look()
        return self._cache.read(image_id)

    def lease(self, image_id: str) -> Lease | None:
        return self._cache.lease(image_id)

    def fill(self, lease: Lease, manifest: Manifest | None) -> bool:
        return self._cache.fill(lease, manifest)

    def release(self, lease: Lease) -> None:
        self._cache.release(lease)

    def _look(self) -> None:
        """Finds the cache's mark, or else reads the item, and marks the cache. Raises CacheSwitching."""
        if self._refused.age() < self._refused_for:
            raise CacheSwitching("another cache is in use")
        begin = Moment()
        marked = None
        with suppress(CacheUnavailable):  # the mark's own master may be gone, and the images' not
            marked = self._cache.marked()
        if marked is None or marked[1] <= begin.wall:
            marked = self._in_use(), begin.wall + self._lifetimes.mark
            with suppress(CacheUnavailable):
                self._cache.mark(*marked)
        self._cache.use(marked[0])
        self._seen, self._marked_for = begin, marked[1] - begin.wall

    def _in_use(self) -> int:
        """The generation, if it is of this cache."""
        try:
            current = Generation.of_item(self._items().get(ITEM))
        except StoreUnavailable as error:
            raise CacheSwitching(f"unknown whether another cache is in use: {error}") from error
        if current is None or current.cache != self._name:
            self._refused, self._refused_for = Moment(), self._lifetimes.pause
            raise CacheSwitching(
                "another cache is in use, until a refresh or the next minute claims this one"
            )
        return current.number


class Moment:
    """When it was made, by two clocks: while an environment is frozen, one may stop, and the other be set.

    `wall` is in seconds since 1970.
    """

    __slots__ = ("_monotonic", "wall")

    def __init__(self) -> None:
        self._monotonic = time.monotonic()
        self.wall = time.time()

    def age(self) -> float:
        """Seconds since then, by the clock that says more; a clock that was set back says nothing, so infinite."""
        wall = time.time() - self.wall
        return math.inf if wall < 0 else max(wall, time.monotonic() - self._monotonic)
