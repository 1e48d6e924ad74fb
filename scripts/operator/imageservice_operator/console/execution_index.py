"""The executions of each image, remembered: Step Functions can't search executions by their input."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence

from imageservice_operator.console.ttl_cache import TtlCache
from imageservice_operator.operations import executions
from imageservice_operator.operations.executions import ENDED, Execution, Listed
from imageservice_operator.operations.stack import Stack

LOOK_BACK = 100  # newest executions of each workflow that are searched
LIST_SECONDS = 3.0
CAPACITY = 10_000  # executions remembered


class ExecutionIndex:
    """Describes each execution once, and again only while it runs or after a redrive."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._lock = threading.Lock()
        self._described: dict[str, Execution] = {}
        self._newest = TtlCache(self._list_newest, LIST_SECONDS)

    def of_image(self, image_id: str, latest: str | None) -> Sequence[Execution]:
        """The image's executions, newest first: those among the newest of each workflow, and `latest`, an ARN."""
        with self._lock:
            listed = self._newest.get()
            stale = [each.arn for each in listed if not self._is_current(each)]
            arns = {each.arn for each in listed}
            if latest and latest not in arns:
                arns.add(latest)
                if latest not in self._described:
                    stale.append(latest)
            for execution in executions.describe_many(self._stack, stale):
                self._described[execution.arn] = execution
            found = [
                each for each in self._described.values() if each.image_id == image_id and each.arn in arns
            ]
            self._drop_oldest()
        return sorted(found, key=lambda each: each.started, reverse=True)

    def _list_newest(self) -> list[Listed]:
        return [
            each
            for machine in ("ProcessImage", "RemoveImage")
            for each in itertools.islice(executions.of_status(self._stack, machine=machine), LOOK_BACK)
        ]

    def _is_current(self, listed: Listed) -> bool:
        known = self._described.get(listed.arn)
        return (
            known is not None
            and known.status in ENDED
            and (known.status, known.redrive_count) == (listed.status, listed.redrive_count)
        )

    def _drop_oldest(self) -> None:
        for arn in list(self._described)[: max(len(self._described) - CAPACITY, 0)]:
            del self._described[arn]
