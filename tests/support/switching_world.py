"""A site whose stack changes its cache: the functions of each configuration, and what its readers are answered."""

import time
import uuid
from collections.abc import Callable
from typing import Any

from read_world import PATIENT, Writes, image_table

from imageservice.adapters.cache_claim import ClaimedCache
from imageservice.adapters.cache_generation import (
    CacheInUse,
    Lifetimes,
    cache_name,
)
from imageservice.adapters.image_table import ImageTable, from_dynamodb
from imageservice.adapters.manifest_cache import ManifestCache, connect
from imageservice.adapters.no_cache import NoCache
from imageservice.adapters.settings import CacheSettings
from imageservice.core.errors import CacheSwitching
from imageservice.core.manifest import manifest_of
from imageservice.read_through import ReadCache, ReadThrough, refresh
from local.redis_server import RedisServer

SHORT = Lifetimes(mark=0.15, hold=0.2, pause=0)
CACHES = ["none", "a", "b"]


class Functions:
    """A reader, or a refresh function, as each new configuration of it starts."""

    def __init__(self, server: RedisServer, table: ImageTable, lifetimes: Lifetimes, *, rules: bool) -> None:
        self._server = server
        self._table = table
        self._lifetimes = lifetimes
        self._rules = rules

    def reader(self, cache: str) -> Callable[[str, Any], int]:
        """Reads an image: the revision, 0 for none. The second argument is the table that it reads."""
        made, name = self._cache(cache)
        used: ReadCache = made
        if self._rules and not isinstance(made, NoCache):
            used = CacheInUse(made, name, lambda: self._table, self._lifetimes)

        def read(image_id: str, table: Any) -> int:
            manifest = ReadThrough(used, lambda: table, wait=0.01).find(image_id).manifest
            return 0 if manifest is None else manifest["revision"]

        return read

    def refresher(self, cache: str) -> ClaimedCache | ManifestCache | NoCache:
        made, name = self._cache(cache)
        return ClaimedCache(made, name, lambda: self._table, self._lifetimes) if self._rules else made

    def _cache(self, cache: str) -> tuple[ManifestCache | NoCache, str]:
        url = "" if cache == "none" else f"{self._server.url.removesuffix('/0')}/{CACHES.index(cache)}"
        config = CacheSettings(url, "stack:table", "", "", "", iam_serverless=False)
        return connect(url, PATIENT, prefix=config.prefix), cache_name(config)


class Site:
    """One image, the stack's functions, and those of earlier configurations that still run."""

    def __init__(self, functions: Functions, client: Any, cache: str = "a") -> None:
        self._functions = functions
        self.table = image_table(client)
        self._writes = Writes(client)
        self.image_id = f"{uuid.uuid4()}.jpg"
        self.sequencer = 0
        self.acknowledged = 0
        self.unrefreshed: list[dict[str, Any]] = []
        self.readers: list[Callable[[str, Any], int]] = []
        self.refreshers: list[Any] = []
        self.give_readers(cache)
        self.give_refreshes(cache)

    def give_readers(self, cache: str) -> None:
        self.readers = [*self.readers[-1:], self._functions.reader(cache)]

    def give_refreshes(self, cache: str) -> None:
        self.refreshers = [*self.refreshers[-1:], self._functions.refresher(cache)]

    def upload(self) -> None:
        self.sequencer += 1
        assert self._writes.register(self.image_id, self.sequencer)
        item = self._writes.record(self.image_id, self.sequencer)
        assert item
        self.unrefreshed.append(item)

    def refresh(self, refresher: Any) -> None:
        """Of the oldest upload that is not refreshed yet. Raises CacheSwitching."""
        manifest = manifest_of(from_dynamodb(self.unrefreshed[0]))
        refresh(refresher, lambda: self.table, manifest)
        self.acknowledged = max(self.acknowledged, manifest["revision"])
        del self.unrefreshed[0]

    def refresh_as_the_workflow_does(self) -> None:
        while self.unrefreshed:
            try:
                self.refresh(self.refreshers[-1])
            except CacheSwitching:
                time.sleep(0.02)

    def stale(self) -> list[str]:
        """Wrong answers, of every reader that runs."""
        due = self.acknowledged
        answers = [read(self.image_id, self.table) for read in self.readers]
        return [f"revision {each} answered after {due} was acknowledged" for each in answers if each < due]
