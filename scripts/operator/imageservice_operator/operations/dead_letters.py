"""Events that EventBridge could not deliver: lists them from the dead-letter queues, and sends them again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from botocore.exceptions import ClientError

from imageservice.failures.advice import Advice
from imageservice_operator.operations import audit
from imageservice_operator.operations.pacing import paced
from imageservice_operator.operations.stack import DEAD_LETTER_QUEUES, Stack

PER_SECOND = 5.0
# The workflow for the events of each queue.
_MACHINES = {"uploads": "ProcessImage", "deletions": "RemoveImage"}
# Seconds that a message is hidden from other operators while it is sent again.
_VISIBILITY_S = 120
_AT_ONCE = 10  # SQS's limit
# A receive returns some of the messages, and some of them again. After this many without a new one, all were seen.
_LOOKS = 4
# The attributes of a queue that count its messages: those that anyone can receive, and those being sent again.
_WAITING: tuple[Literal["ApproximateNumberOfMessages"], Literal["ApproximateNumberOfMessagesNotVisible"]] = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
)
ADVICE = Advice(
    "EventBridge could not deliver these events within a day. Uploads among them are not processed.",
    'Check that the workflow exists and that EventBridge may start it. Then send them again ("images replay --dlq").',
    replay=False,
)


@dataclass(frozen=True)
class DeadLetter:
    """One event. `error_code` and `error_message` say why EventBridge gave up; `id` is the message's."""

    queue: str
    id: str
    event: dict[str, Any]
    error_code: str
    error_message: str
    receipt: str

    @property
    def image_id(self) -> str | None:
        """The image that the event is about; None if it is not about one."""
        detail = self.event.get("detail", {})
        if self.queue == "failures":
            try:
                detail = json.loads(detail.get("input") or "{}").get("detail", {})
            except ValueError:
                detail = {}
        found = detail.get("object", {}).get("key")
        return found if isinstance(found, str) else None

    def as_json(self) -> dict[str, Any]:
        described = {**asdict(self), "image_id": self.image_id}
        del described["receipt"]
        return described


@dataclass(frozen=True)
class Sent:
    """One event sent again: `started` is the execution, None for a failure's event, which goes to RecordFailure."""

    queue: str
    id: str
    image_id: str | None
    done: bool
    started: str | None = None
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def depths(stack: Stack) -> dict[str, int]:
    """About how many events wait in each queue, including those that are being sent again."""
    return {queue: _depth(stack, url) for queue, url in _queues(stack).items()}


def waiting(stack: Stack, limit: int = 100) -> list[DeadLetter]:
    """Up to `limit` of the events, which stay in their queues; without those that are being sent again."""
    found: dict[str, DeadLetter] = {}
    for queue, url in _queues(stack).items():
        for letter in _received(stack, queue, url, visibility=0):
            found[letter.id] = letter
            if len(found) >= limit:
                return list(found.values())
    return list(found.values())


def replay(
    stack: Stack,
    *,
    dry_run: bool = False,
    per_second: float = PER_SECOND,
    on_sent: Callable[[Sent], Any] | None = None,
) -> list[Sent]:
    """Sends every waiting event to its target, and deletes it from its queue once the target has accepted it.

    An event that was sent before and could not be deleted does no harm: the execution's name is derived from it. With
    `dry_run`, only lists what waits.
    """
    outcomes: list[Sent] = []
    for queue, url in _queues(stack).items():
        letters = _received(stack, queue, url, visibility=0 if dry_run else _VISIBILITY_S)
        for letter in letters if dry_run else paced(letters, per_second):
            outcome = (
                Sent(queue, letter.id, letter.image_id, False, note="dry run")
                if dry_run
                else _send(stack, url, letter)
            )
            outcomes.append(outcome)
            if on_sent:
                on_sent(outcome)
    return outcomes


def _send(stack: Stack, url: str, letter: DeadLetter) -> Sent:
    try:
        with audit.recorded(stack, "resend", image=letter.image_id, queue=letter.queue) as act:
            started = _start(stack, letter) if letter.queue in _MACHINES else None
            if letter.queue not in _MACHINES:
                _record(stack, letter)
            act.started = started
    except ClientError as error:  # it stays in the queue, and the loop continues with the others
        return Sent(letter.queue, letter.id, letter.image_id, False, note=str(error))
    stack.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=letter.receipt)
    return Sent(letter.queue, letter.id, letter.image_id, True, started)


def _start(stack: Stack, letter: DeadLetter) -> str:
    machine_arn = stack.machine_arn(_MACHINES[letter.queue])
    event_id = str(letter.event.get("id") or letter.id)
    name = f"replay-{hashlib.sha256(event_id.encode()).hexdigest()[:40]}"
    try:
        answer = stack.client("stepfunctions").start_execution(
            stateMachineArn=machine_arn, name=name, input=json.dumps(letter.event)
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
            raise
        return f"{machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
    return str(answer["executionArn"])


def _record(stack: Stack, letter: DeadLetter) -> None:
    stack.client("lambda").invoke(
        FunctionName=stack.output("RecordFailureFunctionArn"),
        InvocationType="Event",
        Payload=json.dumps(letter.event).encode(),
    )


def letter_of(queue: str, id: str, receipt: str, body: str, attributes: Mapping[str, str]) -> DeadLetter:
    """A message as EventBridge puts it into a queue, or as Lambda does where RecordFailure failed three times.

    Sources: docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html,
    docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    event = json.loads(body)
    code, reason = attributes.get("ERROR_CODE", ""), attributes.get("ERROR_MESSAGE", "")
    if "requestPayload" in event:
        code = event.get("requestContext", {}).get("condition", "")
        reason = (event.get("responsePayload") or {}).get("errorMessage", "")
        event = event["requestPayload"]
    return DeadLetter(queue, id, event, code, reason, receipt)


def _received(stack: Stack, queue: str, url: str, visibility: int) -> Iterator[DeadLetter]:
    """Each message once, until the queue shows no more."""
    seen: set[str] = set()
    nothing_new = 0
    while nothing_new < _LOOKS:
        answer = stack.client("sqs").receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=_AT_ONCE,
            VisibilityTimeout=visibility,
            # Long polling asks all of SQS's servers: an empty answer means an empty queue.
            WaitTimeSeconds=1,
            MessageAttributeNames=["All"],
        )
        fresh = [message for message in answer.get("Messages", []) if message["MessageId"] not in seen]
        nothing_new = 0 if fresh else nothing_new + (1 if answer.get("Messages") else _LOOKS)
        for message in fresh:
            seen.add(message["MessageId"])
            attributes = {
                name: value.get("StringValue", "")
                for name, value in message.get("MessageAttributes", {}).items()
            }
            yield letter_of(
                queue, message["MessageId"], message["ReceiptHandle"], message["Body"], attributes
            )


def _queues(stack: Stack) -> dict[str, str]:
    return {
        queue: stack.output(output) for queue, output in DEAD_LETTER_QUEUES.items() if output in stack.outputs
    }


def _depth(stack: Stack, url: str) -> int:
    answer = stack.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=_WAITING)
    return sum(int(answer["Attributes"].get(name, "0")) for name in _WAITING)
