"""An event whose target can't take it goes to the target's dead-letter queue.

MiniStack logs it and drops it, so that a broken target looks like an upload that was never noticed. (The retries of 24
hours that EventBridge makes first are left out.)

Upstream: MiniStack, `services/eventbridge.py`. `_dispatch_to_stepfunctions` and `_dispatch_to_lambda` would raise or
return a failure instead of logging it, and `_invoke_target` would send the event to `DeadLetterConfig.Arn`, with the
attributes RULE_ARN, TARGET_ARN, ERROR_CODE and ERROR_MESSAGE.
"""

from __future__ import annotations

import contextvars
import json
import logging
from collections.abc import Callable
from typing import Any

from ministack.services import eventbridge, lambda_svc, sqs, stepfunctions

from local.patches.patch import replace, wrap

LOG = logging.getLogger(__name__)
_FAILURE: contextvars.ContextVar[dict[str, str] | None] = contextvars.ContextVar("failure", default=None)
"""Where the target that is being invoked notes why it can't take the event, for this call only."""


def apply() -> None:
    """Check what Step Functions and Lambda targets answer; send events that fail to the queue."""
    replace(eventbridge, "_dispatch_to_stepfunctions", to_stepfunctions)
    wrap(eventbridge, "_dispatch_to_lambda", to_lambda)
    wrap(eventbridge, "_invoke_target", invoke)


def to_stepfunctions(arn: str, payload: str) -> None:
    """Start the execution, and note a refusal."""
    status, _, body = stepfunctions._start_execution({"stateMachineArn": arn, "input": payload})
    if status != 200:
        answer = json.loads(body)
        code = str(answer.get("__type", "INTERNAL_ERROR")).rpartition("#")[2]
        _note(code, str(answer.get("message", "")))


def to_lambda(original: Callable[[str, str], None], arn: str, payload: str) -> None:
    """Invoke the function, and note that there is none."""
    if lambda_svc._get_func_record_for_ref(arn)[0] is None:
        _note("ResourceNotFoundException", f"Function not found: {arn}")
    else:
        original(arn, payload)


def invoke(
    original: Callable[..., None],
    target: dict[str, Any],
    event: dict[str, Any],
    rule: dict[str, Any],
    view: Any = None,
) -> None:
    """Invoke the target; send the event to the dead-letter queue if the target can't take it."""
    failure: dict[str, str] = {}
    token = _FAILURE.set(failure)
    try:
        original(target, event, rule, view)
    finally:
        _FAILURE.reset(token)
    if not failure:
        return
    LOG.warning("event refused by %s: %s %s", target.get("Arn"), failure["code"], failure["message"])
    if queue := (target.get("DeadLetterConfig") or {}).get("Arn"):
        _send(
            queue,
            (view or eventbridge._pattern_event_view(event)).event_with_detail(),
            {
                "RULE_ARN": rule.get("Arn", ""),
                "TARGET_ARN": target.get("Arn", ""),
                "ERROR_CODE": failure["code"],
                "ERROR_MESSAGE": failure["message"],
            },
        )


def _note(code: str, message: str) -> None:
    failure = _FAILURE.get()
    if failure is not None:
        failure.update(code=code, message=message)


def _send(queue: str, event: dict[str, Any], attributes: dict[str, str]) -> None:
    message = {
        "MessageBody": json.dumps(event),
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": text} for name, text in attributes.items() if text
        },
    }
    sqs._act_send_message(message, sqs._queue_url(queue.rsplit(":", 1)[-1]))
