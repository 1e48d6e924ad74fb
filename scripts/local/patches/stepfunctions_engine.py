"""Step Functions runs on moto's interpreter, with redrive.

MiniStack's own interpreter passes 24 of the 50 cases in `tests/integration/local_stack/`, writes a history
without task events, and has no RedriveExecution; definitions are not checked.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from local.patches.patch import Patch


def apply(patch: Patch) -> None:
    """Replace running, stopping and task tokens; add redrive; complete what Describe and List answer."""
    from ministack.services import stepfunctions

    from local.stepfunctions import api, definition, events, executions

    patch.set(stepfunctions, "_run_execution", executions.run)
    patch.set(stepfunctions, "_emit_execution_status_event", events.announce)
    patch.set(stepfunctions, "_stop_execution", api.stop_execution)
    patch.set(stepfunctions, "_list_map_runs", api.list_map_runs)
    patch.set(stepfunctions, "_describe_map_run", api.describe_map_run)
    patch.set(stepfunctions, "_validate_state_machine_definition", api.validate_definition)
    patch.set(stepfunctions, "_send_task_success", api.send_task_success)
    patch.set(stepfunctions, "_send_task_failure", api.send_task_failure)
    patch.set(stepfunctions, "_send_task_heartbeat", api.send_task_heartbeat)
    for name, ours in (
        ("_describe_execution", api.describe_execution),
        ("_list_executions", api.list_executions),
    ):
        patch.set(stepfunctions, name, partial(ours, ministack=getattr(stepfunctions, name)))

    def refusal(text: str) -> str | None:
        """Why a definition is refused when a state machine is made, or None."""
        try:
            definition.check(text)
        except definition.InvalidDefinition as error:
            return str(error)
        return ministack_refusal(text)  # type: ignore[no-any-return]

    ministack_refusal = patch.set(stepfunctions, "_validate_definition_jsonata", refusal)

    async def handle_request(method: str, path: str, headers: dict[str, str], body: bytes, query: Any) -> Any:
        if headers.get("x-amz-target", "").endswith(".RedriveExecution"):
            return stepfunctions._finalize_response(api.redrive_execution(json.loads(body)))
        return await ministack_handle(method, path, headers, body, query)

    ministack_handle = patch.set(stepfunctions, "handle_request", handle_request)
