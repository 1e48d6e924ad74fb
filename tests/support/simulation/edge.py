"""CloudFront's cache, as far as the workflows use it."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Any

from botocore.exceptions import ClientError

from imageservice.core.errors import CacheUnavailable
from imageservice.core.keys import digest_of, is_private
from simulation.scheduler import Scheduler
from simulation.stores import outage

_LOOKS = 5


class CloudFront:
    """What the edge has cached, by tag: the revision of each answer, and the keys of files. A purge is complete a few
    calls after it began."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self.cached: dict[str, Any] = {}
        self.files: dict[str, set[str]] = {}
        self.purges: dict[str, int] = {}
        self._begun: dict[str, str] = {}
        self._complete: set[str] = set()

    def fetch(self, tag: str, file: str, stored: Container[str]) -> bool:
        """Whether a reader gets this file at a public address, from the edge or of what is `stored`."""
        if file not in self.files.get(tag, set()):
            purges = self.purges.get(tag, 0)
            if file not in stored or is_private(digest_of(file)):
                return False
            self._scheduler.give_way()
            if self.purges.get(tag, 0) == purges:
                self.files.setdefault(tag, set()).add(file)
        return True

    def create_invalidation(self, batch: dict[str, Any]) -> str:
        """The same reference returns the same purge."""
        reference = batch["CallerReference"]
        if reference not in self._begun:
            self._begun[reference] = f"purge-{len(self._begun)}"
            tag = batch["Paths"]["Items"][0].removeprefix("#")
            self._scheduler.start(lambda: self._purge(tag, self._begun[reference]), delay=4)
        return self._begun[reference]

    def purge_answers(self, tags: Iterable[str]) -> None:
        """The purge at the end of a run of ReprocessImages; files have no tag of a folder."""
        for tag in tags:
            files = self.files.get(tag, set())
            self._purge(tag, "")
            self.files[tag] = files

    def status(self, purge: str) -> str:
        return "Completed" if purge in self._complete else "InProgress"

    def _purge(self, tag: str, purge: str) -> None:
        self.cached.pop(tag, None)
        self.files.pop(tag, None)
        self.purges[tag] = self.purges.get(tag, 0) + 1
        self._complete.add(purge)


class Purges:
    """What a function purges through, as imageservice.adapters.cdn does; it looks a few times."""

    def __init__(self, scheduler: Scheduler, cdn: CloudFront) -> None:
        self._scheduler, self._cdn = scheduler, cdn

    def purge(self, tag: str, reference: str) -> bool:
        batch = {"CallerReference": reference, "Paths": {"Quantity": 1, "Items": [f"#{tag}"]}}
        try:
            purge = self._scheduler.call(lambda: self._cdn.create_invalidation(batch), outage)
            for _ in range(_LOOKS):
                if self._scheduler.call(lambda: self._cdn.status(purge), outage) == "Completed":
                    return True
                self._scheduler.give_way(2)
        except ClientError as error:
            raise CacheUnavailable(str(error)) from error
        return False
