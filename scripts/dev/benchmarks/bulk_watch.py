"""Readers, and a look at ResizeQueue, while a bulk upload goes on."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from imageservice_operator.operations.stack import Stack

_BETWEEN_READS_S, _BETWEEN_LOOKS_S = 0.05, 0.25
_NO_ANSWER_S = 60
NO_ANSWER = 0
"""Stands for the status of a read that failed, or took longer than a minute."""


@dataclass
class Reads:
    """What a reader got: answers by status, and the seconds that each took."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def read(self, client: httpx.Client, url: str) -> None:
        began = time.perf_counter()
        try:
            status = client.get(url).status_code
        except httpx.TransportError:
            status = NO_ANSWER
        self.statuses[status] += 1
        self.seconds.append(time.perf_counter() - began)

    @property
    def in_ms(self) -> str:
        """Median, 99th percentile and worst."""
        ordered = sorted(self.seconds)
        parts = {"median": 0.5, "p99": 0.99, "worst": 1.0}
        return ", ".join(
            f"{name} {ordered[int(part * (len(ordered) - 1))] * 1e3:,.0f} ms" for name, part in parts.items()
        )


def reads(urls: Sequence[str], count: int) -> Reads:
    """So many reads, one after the other, without a pause."""
    found = Reads()
    with httpx.Client(timeout=_NO_ANSWER_S) as client:
        for url in itertools.islice(itertools.cycle(urls), count):
            found.read(client, url)
    return found


@dataclass
class Watched:
    """Answers by the place where they were read, and the most calls that were waiting, and at work, at a time."""

    reads: dict[str, Reads]
    waiting: int = 0
    at_work: int = 0


@contextmanager
def watching(stack: Stack, urls: Mapping[str, Sequence[str]]) -> Iterator[Watched]:
    """One reader for each place, and one who looks at the queue, for as long as the block runs."""
    watched = Watched({place: Reads() for place in urls})
    over = threading.Event()

    def read(place: str) -> None:
        with httpx.Client(timeout=_NO_ANSWER_S) as client:
            for url in itertools.cycle(urls[place]):
                if over.wait(_BETWEEN_READS_S):
                    return
                watched.reads[place].read(client, url)

    def look() -> None:
        queue = _queue(stack)
        while not over.wait(_BETWEEN_LOOKS_S):
            waiting, at_work = _depth(stack, queue)
            watched.waiting, watched.at_work = (
                max(watched.waiting, waiting),
                max(watched.at_work, at_work),
            )

    threads = [threading.Thread(target=read, args=(place,)) for place in urls]
    threads.append(threading.Thread(target=look))
    for thread in threads:
        thread.start()
    try:
        yield watched
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _queue(stack: Stack) -> str:
    """The URL of ResizeQueue, as the deployed workflow has it."""
    machine = stack.client("stepfunctions").describe_state_machine(
        stateMachineArn=stack.machine_arn("ProcessImage")
    )
    resize: Any = json.loads(machine["definition"])["States"]["Resize to each size"]["ItemProcessor"]
    return str(resize["States"]["Resize"]["Arguments"]["QueueUrl"])


def _depth(stack: Stack, queue: str) -> tuple[int, int]:
    found = stack.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    return int(found["ApproximateNumberOfMessages"]), int(found["ApproximateNumberOfMessagesNotVisible"])
