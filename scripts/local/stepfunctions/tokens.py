"""Task tokens that name their state machine, as those of Step Functions do: a policy permits answers by machine."""

from __future__ import annotations

import base64
import binascii
import uuid
from typing import Any


def new_token(context: Any) -> str:
    """A token for the task that is entered now; `context` is moto's context object."""
    machine = context.context_object_data["StateMachine"]["Id"]
    token = base64.urlsafe_b64encode(f"{machine} {uuid.uuid4()}".encode()).decode()
    context.context_object_data["Task"] = {"Token": token}
    return token


def is_over(endpoint: Any) -> bool:
    """Whether the task has its answer, or waits no more; `endpoint` is moto's of its token."""
    return bool(endpoint._notify_event.is_set())


def end_waiting(environment: Any, *, everywhere: bool = False) -> None:
    """Ends the wait of this environment's own task, or of all tasks of its execution: their tokens are void."""
    pool = environment.callback_pool_manager._pool
    own = environment.states.context_object.context_object_data.get("Task", {}).get("Token")
    for token, endpoint in list(pool.items()):
        if everywhere or token == own:
            endpoint.interrupt_all()


def machine_of(token: str) -> str | None:
    """The ARN of the state machine; None if the text is no token."""
    try:
        return base64.urlsafe_b64decode(token).decode().rpartition(" ")[0] or None
    except (binascii.Error, ValueError):
        return None
