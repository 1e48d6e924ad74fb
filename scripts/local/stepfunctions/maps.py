"""Map Runs of Distributed Maps, as ListMapRuns and DescribeMapRun give them."""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor.map_run_record import (
    MapRunRecord,
)

_RUNS: dict[str, MapRunRecord] = {}


def remember(run: MapRunRecord) -> None:
    """Keep a Map Run; its counters go on counting."""
    _RUNS[run.map_run_arn] = run


def of_execution(execution_arn: str) -> list[dict[str, Any]]:
    """The items of ListMapRuns."""
    return [dict(run.list_item()) for run in list(_RUNS.values()) if run.execution_arn == execution_arn]


def described(map_run_arn: str) -> dict[str, Any] | None:
    """The answer of DescribeMapRun, or None where there is no such run."""
    run = _RUNS.get(map_run_arn)
    return None if run is None else {**run.describe(), "redriveCount": 0}
