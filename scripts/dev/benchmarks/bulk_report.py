"""What a bulk upload on a local stack came to, and what of it is not as it must be."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from dev.benchmarks.bulk_mix import KINDS, Kind, Planned
from dev.benchmarks.bulk_uploads import as_it_must
from dev.benchmarks.bulk_watch import Reads, Watched
from imageservice_operator.operations import dead_letters, executions, failures, storage, usage
from imageservice_operator.operations.executions import Execution
from imageservice_operator.operations.images import Image
from imageservice_operator.operations.stack import Stack

MOST_EXTRA_TRANSITIONS = 2
_AT_ONCE = 4
_SHOWN = 5


@dataclass(frozen=True)
class Ran:
    """An execution: how it ended, its state transitions, and how many of them were retries."""

    image_id: str
    ended: str
    transitions: int
    retries: int
    seconds: float


@dataclass(frozen=True)
class Took:
    """Seconds until all was sent, and until all had ended; processor seconds by process; the bare work's; bytes."""

    sent_s: float
    wall_s: float
    cpu_s: Mapping[str, float]
    bare: Mapping[str, float]
    memory: int


def ran(stack: Stack, ids: Container[str]) -> list[Ran]:
    """Every execution that processed or removed one of these images."""
    arns = [
        each.arn
        for machine in ("ProcessImage", "RemoveImage")
        for each in executions.of_status(stack, machine=machine, page_size=1000)
    ]

    def counted(execution: Execution) -> Ran:
        events = executions.history(stack, execution.arn)
        entered = sum(event["type"].endswith("StateEntered") for event in events)
        transitions = int(usage.of_history(events)["state_transition"])
        took = (execution.stopped or execution.started) - execution.started
        return Ran(
            execution.image_id or "",
            execution.output_status,
            transitions,
            transitions - entered,
            took.total_seconds(),
        )

    described = [each for each in executions.describe_many(stack, arns) if each.image_id in ids]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(counted, described))


def left(stack: Stack) -> dict[str, int]:
    """What is left over of images whose workflows have ended: nothing should be."""
    return {
        "failures": len(failures.failed(stack)),
        "dead letters": sum(dead_letters.depths(stack).values()),
        "objects left over": len(list(storage.left_over(stack, older_than=timedelta(0)))),
    }


@dataclass(frozen=True)
class Report:
    """`text` is printed; `wrong` has a line for each kind of thing that is not as it must be.

    `alone` and `runs` are the executions of the photos on their own, and of the images.
    """

    planned: Sequence[Planned]
    found: Mapping[str, Image]
    versions: Mapping[str, str | None]
    alone: Sequence[Ran]
    runs: Sequence[Ran]
    reads_before: Mapping[str, Reads]
    watched: Watched
    took: Took
    left: Mapping[str, int]

    @property
    def _otherwise(self) -> list[str]:
        return [
            f"{each.id} ({KINDS[each.kind]}) is {image and image.status}, not {each.ends}: {image and image.error}"
            for each in self.planned
            if (image := self.found.get(each.id)) is None
            or not as_it_must(each, image, self.versions.get(each.id))
        ]

    @property
    def _retries(self) -> float:
        """For each upload."""
        return sum(each.retries for each in self.runs) / len(self.planned)

    @property
    def _beyond_alone(self) -> int:
        """The most transitions of an image that was uploaded once beyond those of a photo on its own."""
        once = {each.id for each in self.planned if each.kind == "photo"}
        most = max((each.transitions for each in self.runs if each.image_id in once), default=0)
        return max(0, most - max(each.transitions for each in self.alone))

    @property
    def wrong(self) -> list[str]:
        return list(self._wrong())

    def _wrong(self) -> Iterator[str]:
        otherwise = self._otherwise
        yield from otherwise[:_SHOWN]
        if len(otherwise) > _SHOWN:
            yield f"… {len(otherwise)} images in all"
        if self._retries > MOST_EXTRA_TRANSITIONS:
            yield f"{self._retries:.1f} retries an upload"
        for place, reads in self.watched.reads.items():
            if set(reads.statuses) != {302}:
                yield f"readers at the {place} got {dict(reads.statuses)}"
        yield from (f"{name}: {count}" for name, count in self.left.items() if count)

    def text(self) -> str:
        return "\n".join([*self._by_kind(), "", *self._numbers()])

    def _by_kind(self) -> Iterator[str]:
        of: defaultdict[Kind, set[str]] = defaultdict(set)
        for each in self.planned:
            of[each.kind].add(each.id)
        yield "| images | kind | ended | executions | transitions an image |"
        yield "| ---: | --- | --- | --- | ---: |"
        for kind, meaning in KINDS.items():
            if not of[kind]:
                continue
            runs = [each for each in self.runs if each.image_id in of[kind]]
            ends = Counter(
                image.status if (image := self.found.get(each)) else "no item" for each in of[kind]
            )
            outcomes = Counter(each.ended for each in runs)
            transitions = sum(each.transitions for each in runs) / len(of[kind])
            yield f"| {len(of[kind]):,} | {meaning} | {_counts(ends)} | {_counts(outcomes)} | {transitions:.1f} |"

    def _numbers(self) -> Iterator[str]:
        failed = sum(each.ended in ("FAILED", "TIMED_OUT", "ABORTED") for each in self.runs)
        otherwise = len(self._otherwise)
        yield (
            f"FAILED: {failed} of {len(self.runs):,} executions; "
            f"images that ended otherwise than they must: {otherwise}"
        )
        yield (
            f"more transitions: {self._retries:.2f} retries an upload; "
            f"at most {self._beyond_alone} more than a photo on its own"
        )
        for place, reads in self.watched.reads.items():
            before = self.reads_before[place].in_ms
            yield (
                f"{len(reads.seconds):,} reads at the {place}: {_counts(reads.statuses)}; "
                f"{reads.in_ms} (before: {before})"
            )
        yield f"queue: at most {self.watched.waiting:,} calls waited, {self.watched.at_work} were at work"
        number, took, bare = len(self.planned), self.took, self.took.bare
        seconds, cpu = [each.seconds for each in self.runs], sum(took.cpu_s.values())
        yield (
            f"all sent in {took.sent_s:.0f} s, all ended in {took.wall_s:.0f} s; "
            f"an execution: median {statistics.median(seconds):.0f} s, longest {max(seconds):.0f} s"
        )
        yield (
            f"an image: {took.wall_s / number:.2f} s, {cpu / number:.2f} s of CPU; "
            f"the bare work {bare['wall_s'] / number:.2f} s, {bare['cpu_s'] / number:.2f} s of CPU: "
            f"ratio {took.wall_s / bare['wall_s']:.2f}, of CPU {cpu / bare['cpu_s']:.2f}"
        )
        yield "CPU by process: " + ", ".join(f"{name} {each:.0f} s" for name, each in took.cpu_s.items())
        yield f"memory: {took.memory / 1e6:,.0f} MB; " + "; ".join(
            f"{name}: {count}" for name, count in self.left.items()
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "images": len(self.planned),
            "ended": Counter(image.status for image in self.found.values()),
            "executions": Counter(each.ended for each in self.runs),
            "retries_per_upload": self._retries,
            "reads": {
                place: {
                    "statuses": reads.statuses,
                    "seconds": reads.seconds,
                    "before": self.reads_before[place].seconds,
                }
                for place, reads in self.watched.reads.items()
            },
            "most_waiting": self.watched.waiting,
            "most_at_work": self.watched.at_work,
            "sent_s": self.took.sent_s,
            "wall_s": self.took.wall_s,
            "cpu_s": dict(self.took.cpu_s),
            "bare": dict(self.took.bare),
            "left": self.left,
            "wrong": self.wrong,
        }


def _counts(counted: Counter[Any]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counted.most_common())
