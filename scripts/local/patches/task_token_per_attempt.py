"""Each attempt of a task that waits for a token has a token of its own.

moto makes one when the state is entered. An attempt after a failed one waits under a token that has its answer, so it
ends at once with the failure of the one before.

Upstream: moto,
`moto/stepfunctions/parser/asl/component/state/exec/state_task/service/state_task_service_callback.py`.
`StateTaskServiceCallback` would make the token in `_eval_execution` instead of `_eval_body`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (
    StateTaskServiceCallback,
)

from local.patches.patch import wrap
from local.stepfunctions import tokens


def apply() -> None:
    """Make a token where the last one is used up."""
    wrap(StateTaskServiceCallback, "_eval_execution", eval_execution)


def eval_execution(original: Callable[..., None], self: StateTaskServiceCallback, env: Any) -> None:
    """Run one attempt."""
    context, pool = env.states.context_object, env.callback_pool_manager
    token = context.context_object_data.get("Task", {}).get("Token")
    endpoint = pool.get(token) if token else None
    if endpoint is not None and tokens.is_over(endpoint):
        pool.add(context.update_task_token())
    original(self, env)
