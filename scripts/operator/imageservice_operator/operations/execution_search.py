"""Executions of all workflows by workflow, status, time, duration and error, newest first.

Step Functions filters by workflow and status alone, and lists newest first. The rest is compared here, page by page, in
constant memory. An execution's image and error come with DescribeExecution, of which an account may make about 15 a
second (docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html): only what is shown is described.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

from imageservice.adapters.executions import FAILED_STATUSES
from imageservice_operator.operations import executions
from imageservice_operator.operations.errors import BadRequest
from imageservice_operator.operations.executions import ENDED, RUNNING, Execution, Listed
from imageservice_operator.operations.stack import MACHINES, Stack

STATUSES = (RUNNING, *ENDED)
DESCRIBED = 1000
"""The most executions that a search by error describes."""
_CHUNK = 40


@dataclass(frozen=True)
class Query:
    """What to look for. Empty `machines` or `statuses` mean all of them.

    `since` and `until` bound the start; `at_least` is in seconds, and counts to now for one that runs. `error` is an
    error's name, such as CacheUnavailable: only executions that failed have one. Raises BadRequest for an unknown name.
    """

    machines: Sequence[str] = ()
    statuses: Sequence[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    at_least: float = 0.0
    error: str = ""

    def __post_init__(self) -> None:
        for what, given, known in (
            ("workflow", self.machines, tuple(MACHINES)),
            ("status of an execution", self.statuses, STATUSES),
        ):
            unknown = sorted(set(given) - set(known))
            if unknown:
                raise BadRequest(f"{', '.join(unknown)} is not a {what}; there are {', '.join(known)}.")

    def matches(self, listed: Listed | Execution, now: datetime) -> bool:
        """Whether what a listing says of the execution fits; its error is not in a listing."""
        lasted = ((listed.stopped or now) - listed.started).total_seconds()
        return (
            (not self.machines or listed.machine in self.machines)
            and (not self.statuses or listed.status in self.statuses)
            and (self.since is None or listed.started >= self.since)
            and (self.until is None or listed.started <= self.until)
            and lasted >= self.at_least
        )

    @property
    def listed_statuses(self) -> Sequence[str | None]:
        """The statuses to list by; None for a listing of all."""
        if self.error:
            return [each for each in self.statuses or FAILED_STATUSES if each in FAILED_STATUSES]
        return self.statuses or (None,)


@dataclass
class Found:
    """A page of a search: how many executions were `looked_at`, and whether the search ended before it had seen all."""

    executions: list[Execution] = field(default_factory=list)
    looked_at: int = 0
    complete: bool = True


def machines(stack: Stack) -> list[str]:
    """The workflows that the stack has: PurgeCdn only exists behind a CDN."""
    return [name for name, output in MACHINES.items() if output in stack.outputs]


def listed(stack: Stack, query: Query) -> Iterator[Listed]:
    """The executions that fit, newest first, but for their error; read from Step Functions as the caller goes on."""
    now = datetime.now(UTC)
    narrow = query.since or query.until or query.at_least
    each_listing = [
        executions.of_status(stack, status, machine, query.since, 1000 if narrow else 100)
        for machine in machines(stack)
        if not query.machines or machine in query.machines
        for status in query.listed_statuses
    ]
    merged = heapq.merge(*each_listing, key=lambda each: each.started, reverse=True)
    return (each for each in merged if query.matches(each, now))


def found(stack: Stack, query: Query, limit: int) -> Found:
    """The newest `limit` executions that fit, described. With an error, at most 1,000 are described to find them."""
    page = Found()
    candidates = listed(stack, query)
    while len(page.executions) < limit:
        room = _CHUNK if query.error else limit - len(page.executions)
        chunk = list(islice(candidates, min(_CHUNK, room)))
        if not chunk:
            return page
        page.looked_at += len(chunk)
        described = executions.describe_many(stack, [each.arn for each in chunk])
        page.executions += [each for each in described if fits(each, query)]
        if page.looked_at >= DESCRIBED and query.error:
            break
    del page.executions[limit:]
    page.complete = next(candidates, None) is None
    return page


def fits(execution: Execution, query: Query) -> bool:
    """Whether a described execution has the error that the query asks for."""
    return not query.error or (
        execution.failure is not None and query.error in (execution.failure["name"], execution.error)
    )


def counts(each: Iterable[Listed]) -> dict[str, Counter[str]]:
    """How many executions of each workflow have each status."""
    counted: dict[str, Counter[str]] = {}
    for one in each:
        counted.setdefault(one.machine, Counter())[one.status] += 1
    return counted
