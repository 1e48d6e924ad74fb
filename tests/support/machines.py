"""Runs state machines that a test defines on a local stack, with the function that their tasks invoke."""

from __future__ import annotations

import io
import itertools
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from waiting import until

from imageservice_operator.operations.stack import Stack

EVERYONE = {"Effect": "Allow", "Principal": {"Service": ["lambda.amazonaws.com", "states.amazonaws.com"]}}

TASK_FUNCTION = """
import os, pathlib, time, uuid

class ThumbError(Exception): pass

def until(check):
    while not check():
        time.sleep(0.01)

def handler(event, context):
    if not isinstance(event, dict):
        return {"type": type(event).__name__, "value": event}
    if "attempts" in event:
        with open(event["attempts"], "a") as file:
            file.write("called\\n")
    if "meet" in event:  # as many calls as it says, at once
        folder = pathlib.Path(event["meet"]["folder"])
        (folder / uuid.uuid4().hex).touch()
        until(lambda: len(list(folder.iterdir())) >= event["meet"]["calls"])
    if "spans" in event:  # a file for as long as the call runs; how many there are
        inside = pathlib.Path(event["spans"], uuid.uuid4().hex)
        inside.touch()
        time.sleep(0.3)
        event["at_once"] = len(list(inside.parent.iterdir()))
        inside.unlink()
    if "wait_for" in event:
        until(pathlib.Path(event["wait_for"]).exists)
    if "leave" in event:
        pathlib.Path(event["leave"]).touch()
    if event.get("raise"):
        raise {"ThumbError": ThumbError, "ValueError": ValueError}[event["raise"]](f"boom {event.get('i')}")
    if "fail_times" in event:
        if len(pathlib.Path(event["attempts"]).read_text().splitlines()) <= event["fail_times"]:
            raise ThumbError("not yet")
    if event.get("exit"):
        os._exit(event["exit"])
    return {"ok": True, "in": event, "pid": os.getpid()}
"""
# What a Catch leads to: the execution ends with the error as its output.
CAUGHT = {"Type": "Pass", "End": True}


class Attempts:
    """The calls of the task function, which adds a line to a file for each."""

    def __init__(self, file: Path) -> None:
        self.path = str(file)

    def count(self) -> int:
        return len(Path(self.path).read_text().splitlines())


@dataclass(frozen=True)
class Ended:
    """An execution that is over."""

    arn: str
    status: str
    output: Any
    error: str | None
    cause: str | None
    seconds: float
    described: dict[str, Any]


class Machines:
    """Runs state machines with plain boto3, as a user would."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.states: Any = stack.client("stepfunctions")
        self._numbers = itertools.count(1)
        self.role = self._role()
        self.function = stack.client("lambda").create_function(
            FunctionName="task",
            Runtime="python3.13",
            Role=self.role,
            Handler="task.handler",
            Code={"ZipFile": TASK_PACKAGE},
            Timeout=120,
        )["FunctionArn"]

    def waiting_task(self, **retry: Any) -> dict[str, Any]:
        """A task that waits for its token's answer; with `retry`, it is tried again after any error."""
        return {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Parameters": {"FunctionName": self.function, "Payload": {"token.$": "$$.Task.Token"}},
            "TimeoutSeconds": 900,
            **({"Retry": [{"ErrorEquals": ["States.ALL"], **retry}]} if retry else {}),
            "End": True,
        }

    def tokens(self, execution: str) -> list[str]:
        """The tokens that such a task has waited under."""
        return [
            json.loads(event["taskScheduledEventDetails"]["parameters"])["Payload"]["token"]
            for event in self.history(execution)
            if event["type"] == "TaskScheduled"
        ]

    def task(self, payload: Any = None, **fields: Any) -> dict[str, Any]:
        """A Task that invokes the task function and returns its payload; the last state unless it has a Next."""
        arguments = {"Payload": payload} if payload is not None else {"Payload.$": "$"}
        state = {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": self.function, **arguments},
            "OutputPath": "$.Payload",
            **fields,
        }
        return state if "Next" in state else {**state, "End": True}

    def create(self, definition: dict[str, Any], kind: str = "STANDARD") -> str:
        """Create a state machine with this definition; returns its ARN."""
        made = self.states.create_state_machine(
            name=f"machine-{next(self._numbers)}",
            definition=json.dumps(definition),
            roleArn=self.role,
            type=kind,
        )
        return str(made["stateMachineArn"])

    def start(self, definition: dict[str, Any], input: Any = None, **fields: Any) -> str:
        """Start an execution of this definition; returns its ARN."""
        arn = self.create(definition)
        started = self.states.start_execution(stateMachineArn=arn, input=json.dumps(input or {}), **fields)
        return str(started["executionArn"])

    def run(self, definition: dict[str, Any], input: Any = None) -> Ended:
        """Run an execution of this definition to its end."""
        return self.wait(self.start(definition, input))

    def wait(self, execution: str) -> Ended:
        """Wait for an execution to end."""

        def ended() -> dict[str, Any] | None:
            described: dict[str, Any] = self.states.describe_execution(executionArn=execution)
            return None if described["status"] == "RUNNING" else described

        described = until(ended, f"for {execution} to end")
        output = json.loads(described["output"]) if "output" in described else None
        return Ended(
            execution,
            described["status"],
            output,
            described.get("error"),
            described.get("cause"),
            (described["stopDate"] - described["startDate"]).total_seconds(),
            described,
        )

    def history(self, execution: str) -> list[dict[str, Any]]:
        """All events of an execution, oldest first."""
        pages = self.states.get_paginator("get_execution_history").paginate(executionArn=execution)
        return [event for page in pages for event in page["events"]]

    def event_types(self, execution: str) -> list[str]:
        """The types of all events of an execution, oldest first."""
        return [event["type"] for event in self.history(execution)]

    def wait_for_event(self, execution: str, event: str) -> None:
        """Wait until the execution's history has an event of this type."""
        until(lambda: event in self.event_types(execution), f"for {event}")

    def waits(self, execution: str) -> list[float]:
        """The seconds from each failure of a task to its next attempt."""
        events = [
            event for event in self.history(execution) if event["type"] in ("TaskFailed", "TaskScheduled")
        ]
        return [
            (later["timestamp"] - earlier["timestamp"]).total_seconds()
            for earlier, later in itertools.pairwise(events)
            if earlier["type"] == "TaskFailed"
        ]

    def _role(self) -> str:
        iam = self.stack.client("iam")
        trust = {"Version": "2012-10-17", "Statement": [{**EVERYONE, "Action": "sts:AssumeRole"}]}
        role = iam.create_role(RoleName="machines", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
        everything = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
        }
        iam.put_role_policy(RoleName="machines", PolicyName="all", PolicyDocument=json.dumps(everything))
        return str(role["Arn"])


def _zip(name: str, text: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, text)
    return buffer.getvalue()


TASK_PACKAGE = _zip("task.py", TASK_FUNCTION)


def single(state: dict[str, Any], **others: Any) -> dict[str, Any]:
    """A definition that starts with `state`, named A."""
    return {"StartAt": "A", "States": {"A": state, **others}}
