"""Runs the definitions in `statemachine/`, one call at a time; redrives, describes and lists executions.

Expressions are evaluated by JSONata's reference implementation, conditions and retries as the definitions have them. A
failing task is tried at most twice, so that executions fail often enough.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from imageservice.core.timestamps import to_text
from simulation.expressions import Fill, QueryError
from simulation.scheduler import Hangs, Scheduler
from simulation.stores import refused

MACHINES = {"ProcessImage": "process_image", "RemoveImage": "remove_image"}
PREFIX = "arn:aws:states:us-east-1:123456789012"
_TRIES = 2


class TaskError(Exception):
    """A task failed with an error that a definition may name."""

    def __init__(self, name: str, cause: str = "") -> None:
        super().__init__(name, cause)
        self.name, self.cause = name, cause


class ExecutionDoesNotExist(ClientError):
    """As boto3's client has it under `exceptions`."""


@dataclass
class Run:
    """One execution: where it is, its variables, and how it ended."""

    arn: str
    machine: str
    event: dict[str, Any]
    started: datetime
    number: int
    state: str
    status: str = "RUNNING"
    redrives: int = 0
    transitions: int = 0
    variables: dict[str, Any] = field(default_factory=dict)
    given: Any = None
    kept: dict[int, Any] = field(default_factory=dict)
    output: Any = None
    error: str | None = None
    cause: str | None = None
    stopped: datetime | None = None
    aborted: bool = False
    failed_at: list[datetime] = field(default_factory=list)

    @property
    def key(self) -> str:
        return str(self.event["detail"]["object"]["key"])

    @property
    def name(self) -> str:
        return self.arn.rpartition(":")[2]

    def described(self) -> dict[str, Any]:
        """DescribeExecution's answer."""
        ended = {"error": self.error, "cause": self.cause, "stopDate": self.stopped}
        return {
            "executionArn": self.arn,
            "name": self.name,
            "stateMachineArn": f"{PREFIX}:stateMachine:{self.machine}",
            "status": self.status,
            "startDate": self.started,
            "input": json.dumps(self.event),
            "redriveCount": self.redrives,
            "redriveStatus": "REDRIVABLE" if self.status in ("FAILED", "ABORTED") else "NOT_REDRIVABLE",
            **({"output": json.dumps(self.output)} if self.output is not None else {}),
            **{name: value for name, value in ended.items() if value is not None},
        }


class StepFunctions:
    """A boto3 client of it. `task` carries out a state's resource; `on_end` gets each execution that ended."""

    class exceptions:  # noqa: N801 - boto3's name
        ExecutionDoesNotExist = ExecutionDoesNotExist

    def __init__(
        self,
        scheduler: Scheduler,
        fill: Fill,
        definitions: Path,
        substitutions: dict[str, str],
        task: Callable[[str, Any], Any],
        on_change: Callable[[Run], None],
    ) -> None:
        self._scheduler, self._fill, self._task, self._on_change = scheduler, fill, task, on_change
        self.runs: dict[str, Run] = {}
        self._definitions = {}
        for machine, file in MACHINES.items():
            text = (definitions / f"{file}.asl.json").read_text()
            text = re.sub(r"\$\{(\w+)\}", lambda found: substitutions[found[1]], text)
            self._definitions[machine] = json.loads(text)

    def start(self, machine: str, event: dict[str, Any], name: str = "", delay: int = 0) -> Run:
        number = len(self.runs)
        arn = f"{PREFIX}:execution:{machine}:{name or number}"
        first = self._definitions[machine]["StartAt"]
        run = Run(arn, machine, event, self._scheduler.now, number, first, given=event)
        self.runs[arn] = run
        self._scheduler.start(lambda: self._advance(run), delay)
        return run

    def start_execution(self, stateMachineArn: str, input: str, name: str = "") -> dict[str, Any]:  # noqa: N803
        machine = stateMachineArn.rpartition(":")[2]
        arn = f"{PREFIX}:execution:{machine}:{name}"
        if name and arn in self.runs:
            raise refused("ExecutionAlreadyExists")
        return {"executionArn": self.start(machine, json.loads(input), name).arn}

    def redrive_execution(self, executionArn: str, clientToken: str = "") -> None:  # noqa: N803
        run = self.runs[executionArn]
        if run.status not in ("FAILED", "ABORTED"):
            raise refused("ExecutionNotRedrivable")
        run.status, run.error, run.cause, run.stopped, run.aborted = "RUNNING", None, None, None, False
        run.redrives += 1
        self._on_change(run)
        self._scheduler.start(lambda: self._advance(run))

    def stop_execution(self, executionArn: str) -> None:  # noqa: N803
        run = self.runs[executionArn]
        if run.status == "RUNNING":
            run.aborted = True

    def describe_execution(self, executionArn: str) -> dict[str, Any]:  # noqa: N803
        if executionArn not in self.runs:
            raise ExecutionDoesNotExist({"Error": {"Code": "ExecutionDoesNotExist"}}, "DescribeExecution")
        return self.runs[executionArn].described()

    def describe_state_machine(self, stateMachineArn: str) -> dict[str, Any]:  # noqa: N803
        return {"definition": stateMachineArn.rpartition(":")[2]}

    def describe_state_machine_for_execution(self, executionArn: str) -> dict[str, Any]:  # noqa: N803
        return {"definition": self.runs[executionArn].machine}

    def get_paginator(self, name: str) -> _Pages:
        return _Pages(self, name)

    def page(self, name: str, **arguments: Any) -> dict[str, Any]:
        if name == "get_execution_history":
            run = self.runs[arguments["executionArn"]]
            kind = self._definitions[run.machine]["States"][run.state]["Type"]
            return {
                "events": [{"type": f"{kind}StateEntered", "stateEnteredEventDetails": {"name": run.state}}]
            }
        machine = arguments["stateMachineArn"].rpartition(":")[2]
        chosen = [each for each in self.runs.values() if each.machine == machine]
        chosen = [each for each in chosen if each.status == arguments.get("statusFilter", each.status)]
        chosen.sort(key=lambda each: each.started, reverse=True)
        return {"executions": [each.described() for each in chosen]}

    def _advance(self, run: Run) -> None:
        """Runs the execution from its state to its end."""
        states = self._definitions[run.machine]["States"]
        attempt = run.redrives
        try:
            while run.state:
                if run.aborted:
                    self._ended(run, "ABORTED", "Stopped", "An operator stopped the workflow.")
                    return
                run.transitions += 1
                self._step(run, states[run.state])
        except TaskError as error:
            self._ended(run, "FAILED", error.name, error.cause)
            return
        assert attempt == run.redrives
        self._ended(run, "SUCCEEDED")

    def _ended(self, run: Run, status: str, error: str | None = None, cause: str | None = None) -> None:
        run.status, run.error, run.cause, run.stopped = status, error, cause, self._scheduler.now
        if status != "SUCCEEDED":
            run.failed_at.append(run.stopped)
        self._on_change(run)

    def _step(self, run: Run, body: dict[str, Any]) -> None:
        known = {"input": run.given, "context": self._context(run)}
        kind = body["Type"]
        if kind == "Choice":
            conditions = self._filled(run, [choice["Condition"] for choice in body["Choices"]], known)
            chosen = [
                choice for choice, holds in zip(body["Choices"], conditions, strict=True) if holds is True
            ]
            self._leave(run, chosen[0] if chosen else {**body, "Next": body["Default"]}, known)
            return
        if kind == "Fail":
            raise TaskError(body["Error"], self._filled(run, body.get("Cause", ""), known))
        try:
            if kind == "Task":
                known["result"] = self._tried(run, body, self._filled(run, body["Arguments"], known))
            elif kind == "Map":
                known["result"] = self._mapped(run, body, known)
        except TaskError as error:
            for catcher in body.get("Catch", []):
                if error.name in catcher["ErrorEquals"]:
                    known["errorOutput"] = {"Error": error.name, "Cause": error.cause}
                    self._leave(run, catcher, known)
                    return
            raise
        self._leave(run, body, known)

    def _leave(self, run: Run, way: dict[str, Any], known: dict[str, Any]) -> None:
        passed_on = known.get("result", known["input"])
        filled = self._filled(run, {"Assign": way.get("Assign", {}), "Output": way.get("Output")}, known)
        run.variables = {**run.variables, **filled["Assign"]}
        run.given = filled["Output"] if "Output" in way else passed_on
        run.kept = {}
        run.state = way.get("Next", "")
        if not run.state:
            run.output = run.given

    def _tried(self, run: Run, body: dict[str, Any], arguments: Any) -> Any:
        tries = 0
        while True:
            tries += 1
            self._scheduler.enter(run.state)
            try:
                try:
                    return self._task(body["Resource"], copy.deepcopy(arguments))
                except Hangs:
                    raise TaskError("States.Timeout") from None
            except TaskError as error:
                rules = [
                    rule for rule in body["Retry"] if {error.name, "States.ALL"} & set(rule["ErrorEquals"])
                ]
                if tries >= _TRIES or rules[0].get("MaxAttempts", 3) == 0 or run.aborted:
                    raise
                self._scheduler.give_way(self._scheduler.random.choice((0, 10)))

    def _mapped(self, run: Run, body: dict[str, Any], known: dict[str, Any]) -> list[Any]:
        """The iterations one after the other; a redrive keeps those that succeeded."""
        (inner,) = body["ItemProcessor"]["States"].values()
        failed = None
        items = self._filled(run, body["Items"], known)
        for number, item in enumerate(items):
            if number in run.kept:
                continue
            context = {
                **known["context"],
                "Map": {"Item": {"Value": item}},
                "Task": {"Token": f"{run.arn}/{number}"},
            }
            given = self._filled(run, body["ItemSelector"], {**known, "context": context})
            try:
                arguments = self._filled(run, inner["Arguments"], {"input": given, "context": context})
                result = self._tried(run, inner, arguments)
            except TaskError as error:
                failed = failed or error
                continue
            run.transitions += 1
            filled = self._filled(
                run, inner["Output"], {"input": given, "context": context, "result": result}
            )
            run.kept = {**run.kept, number: filled}
        if failed:
            raise failed
        return [run.kept[number] for number in range(len(items))]

    def _filled(self, run: Run, template: Any, known: dict[str, Any]) -> Any:
        try:
            return self._fill(template, {**run.variables, "states": known})
        except QueryError as error:
            raise TaskError("States.QueryEvaluationError", f"{run.state}: {error}") from error

    def _context(self, run: Run) -> dict[str, Any]:
        return {
            "Execution": {"Id": run.arn, "Name": run.name, "Input": run.event, "RedriveCount": run.redrives},
            "State": {"Name": run.state, "EnteredTime": to_text(self._scheduler.now)},
        }


@dataclass(frozen=True)
class _Pages:
    client: StepFunctions
    name: str

    def paginate(self, **arguments: Any) -> Iterator[dict[str, Any]]:
        yield self.client.page(self.name, **arguments)
