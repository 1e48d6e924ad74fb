"""How refreshes claim their cache, and hold until no reader uses the last one (see cache_generation)."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from imageservice.adapters.cache_generation import ITEM, LIFETIMES, NONE, Generation, Lifetimes, Moment
from imageservice.adapters.manifest_cache import Lease, ManifestCache, Refreshed
from imageservice.adapters.no_cache import NoCache
from imageservice.core.errors import CacheSwitching, CacheUnavailable, StoreUnavailable
from imageservice.core.manifest import Manifest


class Items(Protocol):
    """The part of imageservice.adapters.image_table that is used here."""

    def get(self, image_id: str) -> dict[str, Any] | None: ...
    def put_generation(self, item: dict[str, Any], after: int) -> bool: ...


class ClaimedCache:
    """The cache as the refresh function uses it: `refresh` claims it first, and raises CacheSwitching in a hold.

    `name` is the cache's `cache_name`. The other methods are called after `refresh`.
    """

    def __init__(
        self,
        cache: ManifestCache | NoCache,
        name: str,
        items: Callable[[], Items],
        lifetimes: Lifetimes = LIFETIMES,
    ) -> None:
        self._cache = cache
        self._name = name
        self._items = items
        self._lifetimes = lifetimes
        self._number: int | None = None
        self._marked: Moment | None = None

    def refresh(self, manifest: Manifest) -> Refreshed:
        begin = Moment()
        current = self._claimed()
        left = current.hold_until - time.time()
        if left > 0:
            raise CacheSwitching(f"readers may use the last cache for {left:.0f} s more: refreshes wait")
        self._use(current.number, begin)
        return self._cache.refresh(manifest)

    def confirm(self, manifest: Manifest) -> None:
        self._cache.confirm(manifest)

    def fill(self, lease: Lease, manifest: Manifest | None) -> bool:
        return self._cache.fill(lease, manifest)

    def release(self, lease: Lease) -> None:
        self._cache.release(lease)

    def renew(self) -> None:
        """Claims the cache, and renews its mark, so that readers need no item. Called every minute.

        If the table does not answer, the mark is renewed all the same: this process has the claim, and readers would
        have nothing else to read.
        """
        begin = Moment()
        try:
            number = self._claimed().number
        except CacheSwitching:
            return
        except StoreUnavailable:
            if self._number is None:
                raise
            number = self._number
        self._marked = None
        self._use(number, begin)

    def _claimed(self) -> Generation:
        """The generation of this cache, begun here if need be. Raises CacheSwitching if another one took over."""
        while True:
            current = Generation.of_item(self._items().get(ITEM))
            if current is not None and current.cache == self._name:
                self._number = current.number
                return current
            if current is not None and self._number is not None and not self._is_settled(current):
                raise CacheSwitching("another configuration of this function has taken its cache into use")
            begun = self._after(current)
            # If another process was faster, its generation is read.
            if self._items().put_generation(begun.as_item(), after=begun.number - 1):
                self._number = begun.number

    def _is_settled(self, current: Generation) -> bool:
        """Whether the other cache is in use for so long that this process, which was left, must be the newer one."""
        return time.time() >= current.since + self._lifetimes.hold

    def _after(self, last: Generation | None) -> Generation:
        now = time.time()
        if last is None:
            return Generation(self._name, 1, now, now)
        leaves_cache = last.cache != NONE
        hold_until = max(last.hold_until, now + self._lifetimes.hold if leaves_cache else now)
        return Generation(self._name, last.number + 1, now, hold_until)

    def _use(self, number: int, begin: Moment) -> None:
        """Keys begin with the generation from now on. The mark is renewed if it is older than a third of its life; it
        lives from before the item was read."""
        self._cache.use(number)
        if self._marked is None or self._marked.age() > self._lifetimes.mark / 3:
            with suppress(CacheUnavailable):
                self._cache.mark(number, begin.wall + self._lifetimes.mark)
                self._marked = begin
