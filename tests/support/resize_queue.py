"""ResizeQueue of a running stack: how many calls wait in it, and a time in which nothing takes them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from imageservice_operator.operations.stack import Stack


class ResizeQueue:
    """The queue that the deployed workflow puts its calls in."""

    def __init__(self, stack: Stack) -> None:
        machine = stack.client("stepfunctions").describe_state_machine(
            stateMachineArn=stack.machine_arn("ProcessImage")
        )
        states = json.loads(machine["definition"])["States"]["Resize to each size"]["ItemProcessor"]["States"]
        self.url = str(states["Resize"]["Arguments"]["QueueUrl"])
        self.sqs, self._lambda = stack.client("sqs"), stack.client("lambda")

    def calls(self) -> int:
        """How many wait or are being made."""
        found = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["All"])["Attributes"]
        return int(found["ApproximateNumberOfMessages"]) + int(found["ApproximateNumberOfMessagesNotVisible"])

    def update_taker(self, **settings: Any) -> None:
        """Changes the event source mapping that takes calls from the queue."""
        arn = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])["Attributes"]
        (mapping,) = self._lambda.list_event_source_mappings(EventSourceArn=arn["QueueArn"])[
            "EventSourceMappings"
        ]
        self._lambda.update_event_source_mapping(UUID=mapping["UUID"], **settings)

    @contextmanager
    def not_taken(self) -> Iterator[None]:
        """Nothing takes calls from the queue meanwhile."""
        self.update_taker(Enabled=False)
        try:
            yield
        finally:
            self.update_taker(Enabled=True)
