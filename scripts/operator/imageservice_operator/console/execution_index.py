"""The executions of one image. Step Functions has no index by input, so whose an execution is gets remembered here."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from imageservice_operator.operations import executions
from imageservice_operator.operations.executions import ENDED, Execution
from imageservice_operator.operations.stack import Stack

LOOK_BACK = 100  # executions of each workflow that are looked at
LIST_SECONDS = 3.0
KEPT = 10_000


class ExecutionIndex:
    """Asks Step Functions about each execution once, and again only while it runs or after a redrive."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._lock = threading.Lock()
        self._known: dict[str, Execution] = {}
        self._listed: list[executions.Listed] = []
        self._listed_at = float("-inf")

    def of_image(self, image_id: str, latest: str | None) -> Sequence[Execution]:
        """Newest first: `latest`, and what is found of the image among the newest executions of each workflow."""
        with self._lock:
            self._look()
            listed = {each.arn: (each.status, each.redrive_count) for each in self._listed}
            stale = [arn for arn, state in listed.items() if not self._is_known(arn, state)]
            if latest and latest not in listed and latest not in self._known:
                stale.append(latest)
            for described in executions.describe_many(self._stack, stale):
                self._known[described.arn] = described
            for arn in list(self._known)[: max(len(self._known) - KEPT, 0)]:
                del self._known[arn]
            wanted = {*listed, latest}
            found = [
                each for each in self._known.values() if each.image_id == image_id and each.arn in wanted
            ]
        return sorted(found, key=lambda each: each.started, reverse=True)

    def _look(self) -> None:
        if time.monotonic() - self._listed_at < LIST_SECONDS:
            return
        self._listed = []
        for machine in ("ProcessImage", "RemoveImage"):
            for number, each in enumerate(executions.of_status(self._stack, machine=machine)):
                if number >= LOOK_BACK:
                    break
                self._listed.append(each)
        self._listed_at = time.monotonic()

    def _is_known(self, arn: str, state: tuple[str, int]) -> bool:
        known = self._known.get(arn)
        return known is not None and known.status in ENDED and (known.status, known.redrive_count) == state
