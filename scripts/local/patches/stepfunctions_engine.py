"""Step Functions runs on moto's interpreter, with redrive.

MiniStack's own interpreter passes 24 of the 50 cases in `tests/integration/local_stack/`, writes a history without task
events, and has no RedriveExecution; definitions are not checked.

Upstream: MiniStack, `services/stepfunctions.py`. It would delegate `_run_execution` to an interpreter that passes those
cases (LocalStack's, which moto carries, is Apache-2.0), check definitions when a state machine is created, and
answer RedriveExecution and the redrive fields of Describe and List. In `core/iam_actions.py`, `extract_resource_arn`
would name a task token's state machine, for which a policy allows SendTaskSuccess, SendTaskFailure and
SendTaskHeartbeat.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from ministack.core import iam_actions
from ministack.services import stepfunctions
from moto.stepfunctions.parser.asl.eval.states import ContextObject

from local.patches.patch import replace, wrap
from local.stepfunctions import api, definition, events, tokens
from local.stepfunctions.executions import Executions


def apply(executions: Executions) -> None:
    """Replace running, stopping and task tokens; add redrive; complete what Describe and List answer."""
    ours = api.Api(executions)
    for name, replacement in {
        "_run_execution": executions.run,
        "_emit_execution_status_event": events.announce,
        "_stop_execution": ours.stop_execution,
        "_list_map_runs": ours.list_map_runs,
        "_describe_map_run": ours.describe_map_run,
        "_send_task_success": ours.send_task_success,
        "_send_task_failure": ours.send_task_failure,
        "_send_task_heartbeat": ours.send_task_heartbeat,
        "_validate_state_machine_definition": api.validate_definition,
    }.items():
        replace(stepfunctions, name, replacement)
    wrap(stepfunctions, "_describe_execution", api.describe_execution)
    wrap(stepfunctions, "_list_executions", api.list_executions)
    for_execution = "_describe_state_machine_for_execution"
    wrap(stepfunctions, for_execution, api.describe_state_machine_for_execution)
    wrap(stepfunctions, "_validate_definition_jsonata", refusal)
    wrap(stepfunctions, "handle_request", partial(handle_request, ours))
    wrap(iam_actions, "extract_resource_arn", resource_of_token)
    replace(ContextObject, "update_task_token", tokens.new_token)


def resource_of_token(
    original: Callable[..., str],
    service: str,
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    *rest: Any,
) -> str:
    """What a policy must name for this call: of a task's token, its state machine."""
    if service == "states" and b'"taskToken"' in body:
        return tokens.machine_of(str(json.loads(body).get("taskToken"))) or "*"
    return original(service, method, path, headers, body, *rest)


def refusal(original: Callable[[str], str | None], text: str) -> str | None:
    """Why a definition is refused when a state machine is created, or None."""
    try:
        definition.check(text)
    except definition.InvalidDefinition as error:
        return str(error)
    return original(text)


async def handle_request(
    ours: api.Api,
    original: Callable[..., Any],
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    query: Any,
) -> Any:
    """Answer RedriveExecution; leave other actions to MiniStack."""
    if headers.get("x-amz-target", "").endswith(".RedriveExecution"):
        return stepfunctions._finalize_response(ours.redrive_execution(json.loads(body)))
    return await original(method, path, headers, body, query)
