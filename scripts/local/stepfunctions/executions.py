"""Executions: run one to its end, stop it, redrive it.

MiniStack keeps the records (`status`, `input`, `output`, …) and answers Describe and List from them; this
module runs them. Nothing of an interpreter outlives its run but the history and, unless it succeeded, the
journal.
"""

from __future__ import annotations

import contextvars
import datetime
import json
import logging
import threading
from dataclasses import dataclass
from typing import Any

from ministack.services import stepfunctions as records
from moto.stepfunctions.parser.api import StateMachineType
from moto.stepfunctions.parser.asl.component.common.flow.start_at import StartAt
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.evaluation_details import AWSExecutionDetails
from moto.stepfunctions.parser.asl.eval.program_state import (
    ProgramEnded,
    ProgramError,
    ProgramStopped,
    ProgramTimedOut,
)
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.utils import TMP_THREADS

from local.stepfunctions import definition, events
from local.stepfunctions.history import History
from local.stepfunctions.journal import Journal

LOG = logging.getLogger(__name__)


@dataclass
class _Run:
    environment: Environment
    history: History


RUNNING: dict[str, _Run] = {}
"""The executions that run now, by ARN: for task tokens and StopExecution."""

_JOURNALS: dict[str, Journal] = {}


def run(execution_arn: str) -> None:
    """Run a recorded execution from its start. Returns when it is over."""
    record = records._executions[execution_arn]
    machine = records._state_machines[record["stateMachineArn"]]
    history = History()
    record["redriveCount"] = 0
    record["definition"] = machine["definition"]
    environment = _environment(record, machine, history, Journal())
    record["events"] = history.events
    history.add_event(
        environment.event_history_context,
        "ExecutionStarted",
        {
            "executionStartedEventDetails": {
                "input": record["input"],
                "inputDetails": {"truncated": False},
                "roleArn": machine["roleArn"],
            }
        },
        update_source_event_id=False,
    )
    try:
        program = definition.program(record["definition"])
    except definition.InvalidDefinition as error:
        _close(record, history, "FAILED", error="States.Runtime", cause=str(error))
        return
    _evaluate(record, program, _Run(environment, history))


def redrive(record: dict[str, Any]) -> None:
    """Resume a failed, aborted or timed-out execution where it broke, on a thread of its own."""
    machine = records._state_machines[record["stateMachineArn"]]
    before = _JOURNALS.pop(record["executionArn"])
    assert before.state is not None
    record.update(
        status="RUNNING",
        stopDate=None,
        error=None,
        cause=None,
        output=None,
        redriveCount=record.get("redriveCount", 0) + 1,
        redriveDate=records.now_iso(),
    )
    history = History(record["events"], reentered=before.state)
    environment = _environment(record, machine, history, before.for_redrive())
    environment.variable_store._inner_scope.update(before.variables)
    environment.states.reset(before.input)
    history.add_event(
        environment.event_history_context,
        "ExecutionRedriven",
        {"executionRedrivenEventDetails": {"redriveCount": record["redriveCount"]}},
    )
    whole = definition.program(record["definition"])
    program = Program(
        query_language=whole.query_language,
        start_at=StartAt(before.state),
        states=whole.states,
        timeout_seconds=whole.timeout_seconds,
    )
    events.announce(record)
    context = contextvars.copy_context()
    arguments = (_evaluate, record, program, _Run(environment, history))
    threading.Thread(target=context.run, args=arguments, daemon=True, name="redrive").start()


def redrivable(record: dict[str, Any]) -> bool:
    """Whether the execution is in a state from which it can resume, and got as far as entering a state."""
    journal = _JOURNALS.get(record["executionArn"])
    return record["status"] in events.REDRIVABLE and journal is not None and journal.state is not None


def stop(record: dict[str, Any], error: str | None, cause: str | None) -> None:
    """Abort a running execution. Work that a task has started elsewhere goes on, as on AWS."""
    live = RUNNING.get(record["executionArn"])
    details = {name: text for name, text in (("error", error), ("cause", cause)) if text is not None}
    if live is not None:
        live.history.conclude("ExecutionAborted", {"executionAbortedEventDetails": details})
        _finish(record, "ABORTED", error=error, cause=cause)
        live.environment.set_stop(datetime.datetime.now(datetime.UTC), cause, error)
    else:
        _finish(record, "ABORTED", error=error, cause=cause)


def _environment(
    record: dict[str, Any], machine: dict[str, Any], history: History, journal: Journal
) -> Environment:
    _, _, _, region, account, *_ = record["executionArn"].split(":")
    execution = {
        "Id": record["executionArn"],
        "Input": json.loads(record["input"] or "{}"),
        "Name": record["name"],
        "RoleArn": machine["roleArn"],
        "StartTime": record["startDate"],
        "RedriveCount": record["redriveCount"],
    }
    if record.get("redriveDate"):
        execution["RedriveTime"] = record["redriveDate"]
    environment = Environment(
        aws_execution_details=AWSExecutionDetails(
            account=account, region=region, role_arn=machine["roleArn"]
        ),
        execution_type=StateMachineType(machine.get("type") or "STANDARD"),
        context={  # type: ignore[typeddict-item]
            "Execution": execution,
            "StateMachine": {"Id": machine["stateMachineArn"], "Name": machine["name"]},
        },
        event_history_context=history.context(),
        cloud_watch_logging_session=None,
        activity_store={},
    )
    environment.event_manager = history
    environment.journal = journal  # type: ignore[attr-defined]
    environment.scope = ()  # type: ignore[attr-defined]
    return environment


def _evaluate(record: dict[str, Any], program: Program, live: _Run) -> None:
    arn = record["executionArn"]
    journal = live.environment.journal  # type: ignore[attr-defined]
    RUNNING[arn] = live
    _JOURNALS[arn] = journal
    try:
        program.eval(live.environment)
        ended = live.environment.program_state()
        if isinstance(ended, ProgramEnded):
            output = to_json_str(live.environment.states.get_input(), separators=(",", ":"))
            _close(record, live.history, "SUCCEEDED", output=output)
        elif isinstance(ended, ProgramError):
            failure = ended.error or {}
            _close(record, live.history, "FAILED", error=failure.get("error"), cause=failure.get("cause"))
        elif isinstance(ended, ProgramTimedOut):
            _close(record, live.history, "TIMED_OUT")
        elif not isinstance(ended, ProgramStopped):
            _close(
                record,
                live.history,
                "FAILED",
                error="States.Runtime",
                cause=f"ended as {type(ended).__name__}",
            )
    except Exception as error:  # an execution must end, or its uploader waits for ever
        LOG.exception("the interpreter broke in %s", arn)
        _close(
            record, live.history, "FAILED", error="States.Runtime", cause=f"{type(error).__name__}: {error}"
        )
    finally:
        RUNNING.pop(arn, None)
        TMP_THREADS.clear()  # the interpreter never does; it keeps no thread alive, only its memory
        if record["status"] == "SUCCEEDED":
            _JOURNALS.pop(arn, None)


_FINAL_EVENT = {
    "SUCCEEDED": ("ExecutionSucceeded", "executionSucceededEventDetails"),
    "FAILED": ("ExecutionFailed", "executionFailedEventDetails"),
    "TIMED_OUT": ("ExecutionTimedOut", "executionTimedOutEventDetails"),
}


def _close(record: dict[str, Any], history: History, status: str, **outcome: Any) -> None:
    """The execution is over: its last event (unless it is there), its record, its announcement."""
    event, field = _FINAL_EVENT[status]
    history.conclude(event, {field: {name: value for name, value in outcome.items() if value is not None}})
    _finish(record, status, **outcome)


def _finish(
    record: dict[str, Any],
    status: str,
    output: str | None = None,
    error: str | None = None,
    cause: str | None = None,
) -> None:
    if record["status"] != "RUNNING":
        return
    record.update(stopDate=records.now_iso(), output=output, error=error, cause=cause, status=status)
    events.announce(record)
