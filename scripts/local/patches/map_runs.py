"""Map Runs can be listed and described, and fail when more items fail than are tolerated.

moto counts a Map Run's items but shows the counts nowhere MiniStack could find them, and succeeds however
many fail.
"""

from __future__ import annotations

from typing import Any

from local.patches.patch import Patch


def apply(patch: Patch) -> None:
    """Remember each run; compare its failures with what it tolerates."""
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
    from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor.map_run_record import (
        MapRunRecordPoolManager,
    )

    from local.stepfunctions import maps

    def add(self: Any, map_run_record: Any) -> None:
        moto_add(self, map_run_record)
        maps.remember(map_run_record)

    def map_run(self: Any, env: Any, eval_input: Any) -> None:
        moto_map_run(self, env=env, eval_input=eval_input)
        run = eval_input.map_run_record
        failed, total = run.item_counter.failed.get(), run.item_counter.total.get()
        # Both thresholds are 0 by default; a run may go by either, so the one that is set decides.
        by_count, by_share = run.tolerated_failure_count, run.tolerated_failure_percentage
        exceeded = failed > by_count if by_count or not by_share else failed * 100 > by_share * total
        if not exceeded:
            return
        env.stack.pop()
        name = StatesErrorName(typ=StatesErrorNameType.StatesExceedToleratedFailureThreshold)
        details = {
            "error": name.error_name,
            "cause": "The specified tolerated failure threshold was exceeded",
        }
        raise FailureEventException(
            FailureEvent(
                env=env,
                error_name=name,
                event_type=HistoryEventType.MapRunFailed,
                event_details={"mapRunFailedEventDetails": details},
            )
        )

    moto_add = patch.set(MapRunRecordPoolManager, "add", add)
    moto_map_run = patch.set(DistributedIterationComponent, "_map_run", map_run)
