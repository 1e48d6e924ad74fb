"""What an edge keeps: for how long, by the answer's own headers, and what a purge takes."""

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
class Kept:
    """An answer in the store. Times are the store's clock's, in seconds."""

    answer: Answer
    path: str
    tags: frozenset[str]
    stored: float
    fresh_until: float
    usable_on_error_until: float


class Store:
    """The cache of one edge. A purge also counts for answers that were asked for before it and come after it."""

    def __init__(self, tag_header: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._tag_header = tag_header
        self._clock = clock
        self._kept: dict[object, Kept] = {}
        self._purges: list[tuple[float, str]] = []

    def now(self) -> float:
        return self._clock()

    def fresh(self, key: object) -> Kept | None:
        kept = self._kept.get(key)
        return kept if kept and self._clock() < kept.fresh_until else None

    def on_error(self, key: object) -> Kept | None:
        """What may be shown where the origin fails (stale-if-error)."""
        kept = self._kept.get(key)
        return kept if kept and self._clock() < kept.usable_on_error_until else None

    def keep(self, key: object, path: str, answer: Answer, asked: float) -> None:
        """Keeps the answer to what was asked of the origin at `asked`, if its headers let it."""
        lifetime, on_error = lifetimes(answer)
        tags = frozenset(
            tag.strip().lower() for tag in answer.headers.get(self._tag_header, "").split(",") if tag.strip()
        )
        kept = Kept(answer, path, tags, now := self._clock(), now + lifetime, now + lifetime + on_error)
        if lifetime <= 0 or any(at >= asked and _takes(item, kept) for at, item in self._purges):
            return
        self._kept.pop(key, None)
        self._kept[key] = kept
        while len(self._kept) > _MOST_ENTRIES:
            del self._kept[next(iter(self._kept))]

    def purge(self, items: Iterable[str]) -> None:
        """Takes out what the items of an invalidation name: `#tag`, or a path that may end in `*`."""
        for item in items:
            self._purges.append((self._clock(), item))
            self._kept = {key: kept for key, kept in self._kept.items() if not _takes(item, kept)}


def _takes(item: str, kept: Kept) -> bool:
    if item.startswith("#"):
        return item[1:].lower() in kept.tags
    return fnmatchcase(kept.path, item) if item.endswith("*") else kept.path == item


def lifetimes(answer: Answer) -> tuple[float, float]:
    """For how many seconds an answer is fresh, and for how many more it may be shown where the origin fails.

    As the template's policies have it: nothing without a Cache-Control of its own, an error never for longer than that
    says. Source: docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Expiration.html
    """
    given = dict(_DIRECTIVE.findall(answer.headers.get("cache-control", "").lower()))
    if {"no-store", "private", "no-cache"} & set(given):
        return 0, 0
    lifetime = min(int(given.get("s-maxage") or given.get("max-age") or 0), _LONGEST_S)
    return lifetime, min(int(given.get("stale-if-error") or 0), _LONGEST_S)
