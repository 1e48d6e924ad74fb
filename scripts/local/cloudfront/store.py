"""The cache of an edge: how long an answer stays fresh, by its own headers, and what a purge removes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

_LONGEST_S = 31_536_000
_MOST_ENTRIES = 2_000
_DIRECTIVE = re.compile(r"([a-z-]+)(?:=\"?([0-9]+)\"?)?")


@dataclass(frozen=True)
class Answer:
    """An origin's answer; header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Stored:
    """An answer in the store. Times are the store's clock's, in seconds."""

    answer: Answer
    path: str
    tags: frozenset[str]
    at: float
    fresh_until: float
    usable_on_error_until: float


class Store:
    """The cache of one edge. A purge also covers answers that were requested before it and arrive after it."""

    def __init__(self, tag_header: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._tag_header = tag_header
        self._clock = clock
        self._stored: dict[object, Stored] = {}
        self._purges: list[tuple[float, str]] = []

    def now(self) -> float:
        return self._clock()

    def fresh(self, key: object) -> Stored | None:
        stored = self._stored.get(key)
        return stored if stored and self._clock() < stored.fresh_until else None

    def on_error(self, key: object) -> Stored | None:
        """What may be served while the origin fails (stale-if-error)."""
        stored = self._stored.get(key)
        return stored if stored and self._clock() < stored.usable_on_error_until else None

    def keep(self, key: object, path: str, answer: Answer, asked: float) -> None:
        """Stores the origin's answer to a request that was made at `asked`, if its headers allow it."""
        lifetime, on_error = lifetimes(answer)
        tags = frozenset(
            tag.strip().lower() for tag in answer.headers.get(self._tag_header, "").split(",") if tag.strip()
        )
        stored = Stored(answer, path, tags, now := self._clock(), now + lifetime, now + lifetime + on_error)
        if lifetime <= 0 or any(at >= asked and _takes(item, stored) for at, item in self._purges):
            return
        self._stored.pop(key, None)
        self._stored[key] = stored
        while len(self._stored) > _MOST_ENTRIES:
            del self._stored[next(iter(self._stored))]

    def purge(self, items: Iterable[str]) -> None:
        """Removes what the items of an invalidation match: `#tag`, or a path that may end in `*`."""
        for item in items:
            self._purges.append((self._clock(), item))
            self._stored = {key: stored for key, stored in self._stored.items() if not _takes(item, stored)}


def _takes(item: str, stored: Stored) -> bool:
    if item.startswith("#"):
        return item[1:].lower() in stored.tags
    return fnmatchcase(stored.path, item) if item.endswith("*") else stored.path == item


def lifetimes(answer: Answer) -> tuple[float, float]:
    """How many seconds an answer is fresh, and how many more it may be served while the origin fails.

    This follows the template's policies: an answer without Cache-Control is not stored, and an error is never stored
    for longer than its Cache-Control says. Source:
    docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Expiration.html
    """
    given = dict(_DIRECTIVE.findall(answer.headers.get("cache-control", "").lower()))
    if {"no-store", "private", "no-cache"} & set(given):
        return 0, 0
    lifetime = min(int(given.get("s-maxage") or given.get("max-age") or 0), _LONGEST_S)
    return lifetime, min(int(given.get("stale-if-error") or 0), _LONGEST_S)
