"""A Distributed Map fails when more items fail than it tolerates.

moto counts the items that fail and reads both thresholds, but never compares them: the Map succeeds however many fail.

Upstream: moto,
`moto/stepfunctions/parser/asl/component/state/exec/state_map/iteration/distributed_iteration_component.py`.
`DistributedIterationComponent._map_run` would compare the counts with the thresholds at its end (`MapRunRecord` has a
TODO for it).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.distributed_iteration_component import (
    DistributedIterationComponent,
)

from local.patches.patch import wrap


def apply() -> None:
    """Compare a run's failures with what it tolerates."""
    wrap(DistributedIterationComponent, "_map_run", map_run)


def map_run(
    original: Callable[..., None], self: DistributedIterationComponent, env: Any, eval_input: Any
) -> None:
    """Run the Map; raise if more items failed than it tolerates."""
    original(self, env=env, eval_input=eval_input)
    if not _exceeded(eval_input.map_run_record):
        return
    env.stack.pop()
    name = StatesErrorName(typ=StatesErrorNameType.StatesExceedToleratedFailureThreshold)
    cause = "The specified tolerated failure threshold was exceeded"
    details: Any = {"mapRunFailedEventDetails": {"error": name.error_name, "cause": cause}}
    raise FailureEventException(
        FailureEvent(
            env=env,
            error_name=name,
            event_type=HistoryEventType.MapRunFailed,
            event_details=details,
        )
    )


def _exceeded(run: Any) -> bool:
    """Both thresholds are 0 by default; the one that is set applies."""
    failed, total = run.item_counter.failed.get(), run.item_counter.total.get()
    by_count, by_share = run.tolerated_failure_count, run.tolerated_failure_percentage
    if by_count or not by_share:
        return bool(failed > by_count)
    return bool(failed * 100 > by_share * total)
