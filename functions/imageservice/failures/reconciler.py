"""Finds failures whose events were lost: Step Functions delivers events on a best-effort basis.

It looks at images that have been PROCESSING for a while, and at failed executions that no item reports. It touches
nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from imageservice.adapters.executions import Executions
from imageservice.adapters.image_table import ImageTable
from imageservice.failures.recorder import FailureRecorder
from imageservice.failures.stuck import stuck
from imageservice.failures.unreported import unreported


@dataclass
class Report:
    """Image ids: `waiting` are PROCESSING and their execution runs; `stuck` and `missed` were recorded."""

    waiting: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)


class Reconciler:
    """Compares ImageTable with Step Functions, and has `recorder` record what only the latter knows."""

    def __init__(self, table: ImageTable, executions: Executions, recorder: FailureRecorder) -> None:
        self._table, self._executions, self._recorder = table, executions, recorder

    def reconcile(
        self, machine_arns: Sequence[str], now: datetime, look_back: timedelta, grace: timedelta
    ) -> Report:
        """Looks at images, and at executions of the machines that started within `look_back` of `now`.

        Images that changed within `grace` are left to their events.
        """
        report = Report()
        until = now - grace
        entries = list(self._table.with_status("PROCESSING", until=until))
        # A bulk upload has tens of thousands of them. Step Functions lists a thousand executions at once, but describes
        # 15 a second.
        running = {arn for machine in machine_arns if entries for arn in self._executions.running(machine)}
        for entry in entries:
            if entry.get("execution") in running:
                report.waiting.append(entry["id"])
                continue
            failed = stuck(self._table, self._executions, entry)
            if failed is None:
                report.waiting.append(entry["id"])
            elif self._recorder.record(failed) == "RECORDED":
                report.stuck.append(entry["id"])
        for failed in unreported(self._table, self._executions, machine_arns, now - look_back, until):
            if self._recorder.record(failed) == "RECORDED":
                report.missed.append(failed.upload.id)
        return report
