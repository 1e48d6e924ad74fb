"""A task whose heartbeat stays away fails with States.HeartbeatTimeout.

moto calls it States.Timeout, so that a Catch or Retry for States.HeartbeatTimeout never applies.
"""

from __future__ import annotations

from typing import Any

from local.patches.patch import Patch


def apply(patch: Patch) -> None:
    """Name the error after its cause."""
    from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
    from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
        StatesErrorNameType,
    )
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
    from moto.stepfunctions.parser.asl.eval.callback.callback import HeartbeatTimeoutError

    def from_error(self: Any, env: Any, ex: Exception) -> Any:
        failure = moto_from_error(self, env=env, ex=ex)
        if isinstance(ex, HeartbeatTimeoutError):
            failure.error_name = StatesErrorName(typ=StatesErrorNameType.StatesHeartbeatTimeout)
            failure.event_details["taskTimedOutEventDetails"]["error"] = failure.error_name.error_name
        return failure

    moto_from_error = patch.set(StateTask, "_from_error", from_error)
