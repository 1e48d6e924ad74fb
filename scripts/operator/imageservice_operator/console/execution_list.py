"""The newest executions of every workflow, remembered: a page counts and filters them without a call for each."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

from imageservice_operator.operations import execution_search, executions
from imageservice_operator.operations.executions import RUNNING, Listed
from imageservice_operator.operations.stack import Stack

LOG = logging.getLogger(__name__)
CAPACITY = 10_000  # executions of each workflow
FRESH_S = 3.0
WHOLE_S = 120.0  # a redrive changes an old execution: the whole list is read again this often
OVERLAP = 100  # executions in a row that are known already: what follows is known, too
_PAGE = 1000


class ExecutionList:
    """Lists the first thousand executions of each workflow at once, and the others on a thread of its own.

    A look then lists the newest of each until it meets known ones, and those that run: Step Functions lists by start,
    so an execution that ends, or is redriven, stays where it was.
    """

    def __init__(self, stack: Stack, now: Callable[[], float] = time.monotonic) -> None:
        self._stack, self._now = stack, now
        self._lock = threading.Lock()
        self._by_machine: dict[str, dict[str, Listed]] = {}
        self._looked_at = self._read_at = float("-inf")
        self._reading = False
        self.complete = False

    def newest(self) -> list[Listed]:
        """The executions of all workflows, newest first; not `complete` while the first ones are still being read."""
        with self._lock:
            if self._now() - self._looked_at > FRESH_S:
                first = not self._by_machine
                self._look()
                self._looked_at = self._now()
                if first and all(len(each) < _PAGE for each in self._by_machine.values()):
                    self.complete, self._read_at = True, self._looked_at
            if not self._reading and self._now() - self._read_at > WHOLE_S:
                self._reading = True
                threading.Thread(target=self._read_whole, daemon=True, name="executions").start()
            every = [each for machine in self._by_machine.values() for each in machine.values()]
        return sorted(every, key=lambda each: (each.started, each.arn), reverse=True)

    def changed(self) -> None:
        """The next look lists again."""
        with self._lock:
            self._looked_at = float("-inf")

    def _look(self) -> None:
        for machine in execution_search.machines(self._stack):
            known = self._by_machine.get(machine)
            if known is None:
                self._by_machine[machine] = _first(self._stack, machine, _PAGE)
                continue
            seen = self._newest_of(machine, known)
            known.update(seen)
            self._settle(machine, known, seen)

    def _newest_of(self, machine: str, known: dict[str, Listed]) -> dict[str, Listed]:
        """The newest, down to `OVERLAP` in a row that are listed as before."""
        seen: dict[str, Listed] = {}
        same = 0
        for each in executions.of_status(self._stack, machine=machine):
            seen[each.arn] = each
            same = same + 1 if known.get(each.arn) == each else 0
            if same >= OVERLAP or len(seen) >= CAPACITY:
                break
        return seen

    def _settle(self, machine: str, known: dict[str, Listed], seen: dict[str, Listed]) -> None:
        """What ran at the last look and is older than what was listed now may have ended."""
        before = [arn for arn, each in known.items() if each.status == RUNNING and arn not in seen]
        if not before:
            return
        running = {
            each.arn: each for each in executions.of_status(self._stack, RUNNING, machine, page_size=_PAGE)
        }
        known.update(running)
        ended = [arn for arn in before if arn not in running]
        for execution in executions.describe_many(self._stack, ended[:_PAGE]):
            known[execution.arn] = execution.as_listed()

    def _read_whole(self) -> None:
        try:
            for machine in execution_search.machines(self._stack):
                whole = _first(self._stack, machine, CAPACITY)
                newest = max(
                    (each.started for each in whole.values()), default=datetime.min.replace(tzinfo=UTC)
                )
                with self._lock:
                    # What began meanwhile was seen by a look.
                    known = self._by_machine.get(machine, {})
                    newer = {arn: each for arn, each in known.items() if each.started > newest}
                    self._by_machine[machine] = {**whole, **newer}
            self.complete = True
        except (ClientError, BotoCoreError):
            LOG.warning("the executions can't be listed", exc_info=True)
        finally:
            with self._lock:
                self._reading, self._read_at = False, self._now()


def _first(stack: Stack, machine: str, count: int) -> dict[str, Listed]:
    found: dict[str, Listed] = {}
    for each in executions.of_status(stack, machine=machine, page_size=_PAGE):
        found[each.arn] = each
        if len(found) == count:
            break
    return found
