"""An event whose target can't take it goes to the target's dead-letter queue.

MiniStack logs it and drops it, so that a broken target looks like an upload that nobody noticed. (The
retries of 24 hours that EventBridge makes first are left out.)
"""

from __future__ import annotations

import contextvars
import json
import logging
from typing import Any

from local.patches.patch import Patch

LOG = logging.getLogger(__name__)
_FAILURE: contextvars.ContextVar[dict[str, str] | None] = contextvars.ContextVar("failure", default=None)


def apply(patch: Patch) -> None:
    """Notice what Step Functions and Lambda targets answer; send what fails to the queue."""
    from ministack.services import eventbridge, lambda_svc, stepfunctions

    def note(code: str, message: str) -> None:
        failure = _FAILURE.get()
        if failure is not None:
            failure.update(code=code, message=message)

    def to_stepfunctions(arn: str, payload: str) -> None:
        status, _, body = stepfunctions._start_execution({"stateMachineArn": arn, "input": payload})
        if status != 200:
            answer = json.loads(body)
            note(
                str(answer.get("__type", "INTERNAL_ERROR")).rpartition("#")[2], str(answer.get("message", ""))
            )

    def to_lambda(arn: str, payload: str) -> None:
        if lambda_svc._get_func_record_for_ref(arn)[0] is None:
            note("ResourceNotFoundException", f"Function not found: {arn}")
        else:
            ministack_lambda(arn, payload)

    def invoke(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None) -> None:
        queue = (target.get("DeadLetterConfig") or {}).get("Arn")
        failure: dict[str, str] = {}
        token = _FAILURE.set(failure)
        try:
            ministack_invoke(target, event, rule, view)
        finally:
            _FAILURE.reset(token)
        if failure:
            LOG.warning(
                "event for %s not taken: %s %s", target.get("Arn"), failure["code"], failure["message"]
            )
            if queue:
                send(queue, target, event, rule, view, failure)

    def send(
        queue: str,
        target: dict[str, Any],
        event: dict[str, Any],
        rule: dict[str, Any],
        view: Any,
        failure: dict[str, str],
    ) -> None:
        from ministack.services import sqs

        view = view or eventbridge._pattern_event_view(event)
        attributes = {
            "RULE_ARN": rule.get("Arn", ""),
            "TARGET_ARN": target.get("Arn", ""),
            "ERROR_CODE": failure["code"],
            "ERROR_MESSAGE": failure["message"],
        }
        message = {
            "MessageBody": json.dumps(view.event_with_detail()),
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": text} for name, text in attributes.items() if text
            },
        }
        sqs._act_send_message(message, sqs._queue_url(queue.rsplit(":", 1)[-1]))

    patch.set(eventbridge, "_dispatch_to_stepfunctions", to_stepfunctions)
    ministack_lambda = patch.set(eventbridge, "_dispatch_to_lambda", to_lambda)
    ministack_invoke = patch.set(eventbridge, "_invoke_target", invoke)
