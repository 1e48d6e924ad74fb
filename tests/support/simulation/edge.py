"""CloudFront's cache, as far as the workflows use it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from simulation.scheduler import Scheduler


class CloudFront:
    """What the edge has cached, by tag: the revision of each answer. A purge is complete a few calls after it began."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self.cached: dict[str, Any] = {}
        self.purges: dict[str, int] = {}
        self._begun: dict[str, str] = {}
        self._complete: set[str] = set()

    def create_invalidation(self, batch: dict[str, Any]) -> str:
        """The same reference returns the same purge."""
        reference = batch["CallerReference"]
        if reference not in self._begun:
            self._begun[reference] = f"purge-{len(self._begun)}"
            tag = batch["Paths"]["Items"][0].removeprefix("#")
            self._scheduler.start(lambda: self._purge(tag, self._begun[reference]), delay=4)
        return self._begun[reference]

    def purge_all(self, tags: Iterable[str]) -> None:
        """The purge at the end of a run of ReprocessImages."""
        for tag in tags:
            self._purge(tag, "")

    def status(self, purge: str) -> str:
        return "Completed" if purge in self._complete else "InProgress"

    def _purge(self, tag: str, purge: str) -> None:
        self.cached.pop(tag, None)
        self.purges[tag] = self.purges.get(tag, 0) + 1
        self._complete.add(purge)
