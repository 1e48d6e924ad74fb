"""The executions of each image, remembered: those that its item leads to, and the newest of all images."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from imageservice_operator.console.ttl_cache import TtlCache
from imageservice_operator.operations import executions, image_history
from imageservice_operator.operations.executions import ENDED, Execution, Listed
from imageservice_operator.operations.stack import Stack

LOOK_BACK = 20  # newest executions of each workflow that are searched
LIST_SECONDS = 3.0
SHOWN = 20  # executions of one image
CAPACITY = 10_000  # executions remembered


class ExecutionIndex:
    """Describes each execution once, and again only while it runs or after a redrive."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._lock = threading.Lock()
        self._described: dict[str, Execution] = {}
        self._links: dict[str, Sequence[str]] = {}
        self._newest = TtlCache(self._list_newest, LIST_SECONDS)

    def of_image(self, image_id: str, item: Mapping[str, Any], limit: int = SHOWN) -> Sequence[Execution]:
        """The image's executions, newest first, at most `limit`: those that its item leads to, and those among the
        newest of each workflow."""
        with self._lock:
            listed = self._newest.get()
            stale = [each.arn for each in listed if not self._is_current(each)]
            arns = {each.arn for each in listed}
            for arn in image_history.chain(self._before, image_history.of_item(item), limit):
                if arn not in arns:
                    arns.add(arn)
                    if arn not in self._described or self._described[arn].status not in ENDED:
                        stale.append(arn)
            for execution in executions.describe_many(self._stack, stale):
                self._described[execution.arn] = execution
            found = [
                each for each in self._described.values() if each.image_id == image_id and each.arn in arns
            ]
            self._drop_oldest()
        return sorted(found, key=lambda each: each.started, reverse=True)[:limit]

    def described(self, listed: Sequence[Listed]) -> dict[str, Execution]:
        """The executions by their ARN; those are described that are not known in the status that the listing says."""
        with self._lock:
            stale = [
                each.arn
                for each in listed
                if (known := self._described.get(each.arn)) is None
                or (known.status, known.redrive_count) != (each.status, each.redrive_count)
            ]
            for execution in executions.describe_many(self._stack, stale):
                self._described[execution.arn] = execution
            found = {each.arn: self._described[each.arn] for each in listed if each.arn in self._described}
            self._drop_oldest()
        return found

    def known(self, listed: Listed) -> Execution | None:
        """The execution if it was described in the status that the listing says."""
        known = self._described.get(listed.arn)
        same = known and (known.status, known.redrive_count) == (listed.status, listed.redrive_count)
        return known if same else None

    def _before(self, arn: str) -> Sequence[str]:
        """What image_history.before says, asked once: what an execution claimed the image from never changes."""
        known = self._links.get(arn)
        if known is None:
            known = image_history.before(self._stack, arn)
            ended = arn in self._described and self._described[arn].status in ENDED
            if known or ended:
                self._links[arn] = known
        return known

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
        for remembered in (self._described, self._links):
            for arn in list(remembered)[: max(len(remembered) - CAPACITY, 0)]:
                del remembered[arn]
