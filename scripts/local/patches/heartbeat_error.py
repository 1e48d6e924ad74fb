"""A task without a heartbeat fails with States.HeartbeatTimeout.

moto calls it States.Timeout, so that a Catch or Retry for States.HeartbeatTimeout never applies.

Upstream: moto, `moto/stepfunctions/parser/asl/component/state/exec/state_task/state_task.py`. `StateTask._from_error`
would distinguish `HeartbeatTimeoutError` from other kinds of `TimeoutError`, and give it the name below.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.eval.callback.callback import HeartbeatTimeoutError

from local.patches.patch import wrap


def apply() -> None:
    """Name the error after its cause."""
    wrap(StateTask, "_from_error", from_error)


def from_error(original: Callable[..., Any], self: StateTask, env: Any, ex: Exception) -> Any:
    """The failure of a task, with its own name if it is a heartbeat's."""
    failure = original(self, env=env, ex=ex)
    if isinstance(ex, HeartbeatTimeoutError):
        failure.error_name = StatesErrorName(typ=StatesErrorNameType.StatesHeartbeatTimeout)
        failure.event_details["taskTimedOutEventDetails"]["error"] = failure.error_name.error_name
    return failure
