"""An HTTP API's events have the variables of its stage, as `stageVariables`.

MiniStack stores them, and leaves them out of the event of payload format 2.0.

Upstream: MiniStack, `services/apigateway.py`, `_invoke_lambda_proxy`. Where it builds the event, add
`"stageVariables": _get_stage_variables(api_id, stage)` if there are any.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.services import apigateway, lambda_svc

from local.patches.patch import wrap


def apply() -> None:
    """Add them when a function is called with such an event."""
    wrap(lambda_svc, "_execute_function_with_config_scope", execute)


def execute(original: Callable[..., Any], func: dict[str, Any], event: Any) -> Any:
    """Run the function with the variables in its event, if an HTTP API has made the event."""
    if isinstance(event, dict) and "routeKey" in event and "rawPath" in event:
        context = event["requestContext"]
        if variables := apigateway._get_stage_variables(context["apiId"], context["stage"]):
            event = {**event, "stageVariables": variables}
    return original(func, event)
