"""Calls of a workflow that wait in a queue until there is room for them, while the workflow waits for the answer.

The workflow puts `{"token": …, "call": …}` into the queue; the token is that of its waiting task:
docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token. Lambda takes one message at a
time from the queue. If the function is killed, or can't start, the message comes again when its visibility timeout is
over; after some deliveries (template.yaml, `maxReceiveCount`) it goes to a second queue, and the call is lost.
"""

import json
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from imageservice.adapters.logging import log_failure, logger
from imageservice.core.errors import CallLost

# docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskFailure.html permits 32,768 characters.
_LONGEST_MESSAGE = 1000
_INNERMOST_CALLS = 5


def answer_call(
    record: Mapping[str, Any], call: Callable[[dict[str, Any]], dict[str, Any]], states: Any, request_id: str
) -> None:
    """Makes the call of one record of an SQS event, and answers the task that waits for it.

    A call that no task waits for any more is not made: its execution was stopped, or has its answer already. `states`
    is a client of Step Functions. An error of the call is logged, and is the task's answer: the error's name is its
    class, the cause has the form that Lambda gives it.
    """
    message = json.loads(record["body"])
    task = _Task(states, message["token"], request_id)
    if not task.waits():
        logger.info("nothing waits for this call any more")
        return
    try:
        answer = call(message["call"])
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the task's answer
        log_failure(error)
        task.fail(error)
    else:
        task.succeed(answer)


def give_up_call(record: Mapping[str, Any], states: Any, request_id: str) -> None:
    """Answers the task of a lost call with CallLost."""
    message = json.loads(record["body"])
    error = CallLost(
        "The function never answered this call: it was killed (by its time-out, or for its memory), or cannot start."
    )
    logger.error("lost", extra={"error": type(error).__name__, "execution": message["call"].get("execution")})
    _Task(states, message["token"], request_id).fail(error)


class _Task:
    """A task of a workflow that waits under its token."""

    def __init__(self, states: Any, token: str, request_id: str) -> None:
        self._states, self._token, self._request_id = states, token, request_id

    def waits(self) -> bool:
        return self._reached(lambda: self._states.send_task_heartbeat(taskToken=self._token))

    def succeed(self, answer: Mapping[str, Any]) -> None:
        output = json.dumps({"answer": answer, "requestId": self._request_id})
        self._reached(lambda: self._states.send_task_success(taskToken=self._token, output=output))

    def fail(self, error: Exception) -> None:
        name = type(error).__name__
        cause = {
            "errorMessage": str(error)[:_LONGEST_MESSAGE],
            "errorType": name,
            "requestId": self._request_id,
            "stackTrace": traceback.format_tb(error.__traceback__)[-_INNERMOST_CALLS:],
        }
        text = json.dumps(cause)
        self._reached(lambda: self._states.send_task_failure(taskToken=self._token, error=name, cause=text))

    def _reached(self, send: Callable[[], Any]) -> bool:
        """False if the task is over."""
        try:
            send()
        except (self._states.exceptions.TaskTimedOut, self._states.exceptions.TaskDoesNotExist):
            return False
        return True
