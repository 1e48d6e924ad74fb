"""Executions: run one to its end, stop it, redrive it.

MiniStack keeps the records (`status`, `input`, `output`, …) and answers Describe and List from them. An `Execution`
runs one record. When its run is over, only the history and the Map Runs stay and, unless it succeeded, the journal.
"""

from __future__ import annotations

import contextvars
import datetime
import json
import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from ministack.services import stepfunctions as records
from moto.stepfunctions.parser.api import StateMachineType
from moto.stepfunctions.parser.asl.component.common.flow.start_at import StartAt
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor.map_run_record import (
    MapRunRecordPoolManager,
)
from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackPoolManager
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

from local.stepfunctions import definition, events, tokens
from local.stepfunctions.history import History, PackedEvents
from local.stepfunctions.journal import Journal
from local.stepfunctions.turns import Turns

LOG = logging.getLogger(__name__)

Record = dict[str, Any]

RUNNING_AT_ONCE = 50
"""More executions than this wait for their turn: each may have 40 threads, and a call from one takes two sockets."""
WAITING_FOR_OTHERS = (".sync", "states:startExecution.waitForTaskToken", "lambda:invoke.waitForTaskToken")
"""Executions with these tasks don't count: otherwise they could block the executions that they wait for.

Those with sqs:sendMessage.waitForTaskToken do. What takes messages from a queue is a function here, not an execution.
"""


class Executions:
    """The executions of this stack, by ARN."""

    def __init__(self) -> None:
        self._all: dict[str, Execution] = {}
        self._turns = Turns(RUNNING_AT_ONCE)

    def run(self, arn: str) -> None:
        """Run a recorded execution from its start, now or when it is its turn; a synchronous one now."""
        record = records._executions[arn]
        machine = records._state_machines[record["stateMachineArn"]]
        at_once = record.get("sync") or any(kind in machine["definition"] for kind in WAITING_FOR_OTHERS)
        execution = Execution(record, machine, _run if at_once else self._turns.run)
        self._all[arn] = execution
        execution.start()

    def find(self, arn: Any) -> Execution | None:
        """The execution, or None if no such execution was ever run."""
        return self._all.get(arn)

    def waiting_tasks(self) -> list[CallbackPoolManager]:
        """Of each running execution, the tasks that wait for a token."""
        running = [each.environment for each in list(self._all.values())]
        return [each.callback_pool_manager for each in running if each is not None]

    def map_run(self, arn: str) -> dict[str, Any] | None:
        """The answer of DescribeMapRun, or None if there is no such Map Run."""
        for execution in list(self._all.values()):
            for run in execution.map_runs.get_all():
                if run.map_run_arn == arn:
                    return {**run.describe(), "redriveCount": 0}
        return None


class Execution:
    """One execution. `environment` is the interpreter's state while it runs, and None before and after.

    `take_turn` runs it, now or later on another thread.
    """

    def __init__(
        self, record: Record, machine: Record, take_turn: Callable[[Callable[[], None]], None]
    ) -> None:
        self.record = record
        self.environment: Environment | None = None
        self.map_runs = MapRunRecordPoolManager()  # type: ignore[no-untyped-call]
        self._machine = machine
        self._history = History()
        self._journal: Journal | None = None
        self._take_turn = take_turn
        self._ending = threading.Lock()
        record.update(redriveCount=0, definition=machine["definition"], events=self._history.events)

    @property
    def redrivable(self) -> bool:
        """Whether it can resume: it ended without success, after it had entered a state."""
        entered = self._journal is not None and self._journal.state is not None
        return self.record["status"] in events.REDRIVABLE and entered

    def start(self) -> None:
        """Run it from its start, when it is its turn."""
        environment = self._environment(Journal())
        started = {
            "input": self.record["input"],
            "inputDetails": {"truncated": False},
            "roleArn": self._machine["roleArn"],
        }
        self._history.add_event(
            environment.event_history_context,
            "ExecutionStarted",
            {"executionStartedEventDetails": started},
            update_source_event_id=False,
        )
        try:
            program = definition.program(self.record["definition"])
        except definition.InvalidDefinition as error:
            self._close("FAILED", error="States.Runtime", cause=str(error))
            return
        self._take_turn(partial(self._evaluate, program, environment))

    def redrive(self) -> None:
        """Resume it where it failed, on a thread of its own. It must be redrivable."""
        with self._ending:  # the run before may still be putting its events away
            before, self._journal = self._journal, None
            assert before is not None
            assert before.state is not None
            self._history = History(self.record["events"], reentered=before.state)
            self.record["events"] = self._history.events
        self.record.update(
            status="RUNNING",
            stopDate=None,
            error=None,
            cause=None,
            output=None,
            redriveCount=self.record["redriveCount"] + 1,
            redriveDate=records.now_iso(),
        )
        environment = self._environment(before.for_redrive())
        environment.variable_store._inner_scope.update(before.variables)
        environment.states.reset(before.input)
        self._history.add_event(
            environment.event_history_context,
            "ExecutionRedriven",
            {"executionRedrivenEventDetails": {"redriveCount": self.record["redriveCount"]}},
        )
        whole = definition.program(self.record["definition"])
        program = Program(
            query_language=whole.query_language,
            start_at=StartAt(before.state),
            states=whole.states,
            timeout_seconds=whole.timeout_seconds,
        )
        events.announce(self.record)
        run = contextvars.copy_context().run
        arguments = (self._take_turn, partial(self._evaluate, program, environment, before))
        threading.Thread(target=run, args=arguments, daemon=True, name="redrive").start()

    def stop(self, error: str | None, cause: str | None) -> None:
        """Abort it. Work that a task has started elsewhere continues, as on AWS."""
        details = {name: text for name, text in (("error", error), ("cause", cause)) if text is not None}
        self._history.conclude("ExecutionAborted", {"executionAbortedEventDetails": details})
        finish(self.record, "ABORTED", error=error, cause=cause)
        if (environment := self.environment) is not None:
            environment.set_stop(datetime.datetime.now(datetime.UTC), cause, error)
            tokens.end_waiting(environment, everywhere=True)

    def _environment(self, journal: Journal) -> Environment:
        """A new interpreter's state, which writes into this execution's history, Map Runs and `journal`."""
        record, machine = self.record, self._machine
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
            event_history_context=self._history.context(),
            cloud_watch_logging_session=None,
            activity_store={},
        )
        environment.event_manager = self._history
        environment.map_run_record_pool_manager = self.map_runs
        environment.journal = journal  # type: ignore[attr-defined]
        environment.scope = ()  # type: ignore[attr-defined]
        return environment

    def _evaluate(self, program: Program, environment: Environment, before: Journal | None = None) -> None:
        history = self._history.events
        if self.record["status"] == "RUNNING":
            self._journal = environment.journal  # type: ignore[attr-defined]
            self._interpret(program, environment)
        else:  # stopped while it waited for its turn: a redrive resumes where this one would have
            self._journal = before
        self._put_away(history)

    def _interpret(self, program: Program, environment: Environment) -> None:
        self.environment = environment
        try:
            program.eval(environment)
            self._conclude(environment)
        except Exception as error:  # an execution must end, or its uploader waits forever
            LOG.exception("the interpreter broke in %s", self.record["executionArn"])
            self._close("FAILED", error="States.Runtime", cause=f"{type(error).__name__}: {error}")
        finally:
            if self.environment is environment:  # and no redrive has begun
                self.environment = None
            TMP_THREADS.clear()  # the interpreter never does; it keeps no thread alive, only its memory
            if self.record["status"] == "SUCCEEDED":
                self._journal = None

    def _put_away(self, ended: list[Record]) -> None:
        """Compress the events of a run that is over, unless a redrive continues with them."""
        with self._ending:
            if self.record["events"] is ended:
                self.record["events"] = PackedEvents(ended)
                self._history = History()

    def _conclude(self, environment: Environment) -> None:
        ended = environment.program_state()
        if isinstance(ended, ProgramEnded):
            output = to_json_str(environment.states.get_input(), separators=(",", ":"))
            self._close("SUCCEEDED", output=output)
        elif isinstance(ended, ProgramError):
            failure = ended.error or {}
            self._close("FAILED", error=failure.get("error"), cause=failure.get("cause"))
        elif isinstance(ended, ProgramTimedOut):
            self._close("TIMED_OUT")
        elif not isinstance(ended, ProgramStopped):
            self._close("FAILED", error="States.Runtime", cause=f"ended as {type(ended).__name__}")

    def _close(self, status: str, **outcome: Any) -> None:
        """The execution is over: its last event (unless it is there), its record, its announcement."""
        event, field = _FINAL_EVENT[status]
        details = {name: value for name, value in outcome.items() if value is not None}
        self._history.conclude(event, {field: details})
        finish(self.record, status, **outcome)


def _run(function: Callable[[], None]) -> None:
    function()


_FINAL_EVENT = {
    "SUCCEEDED": ("ExecutionSucceeded", "executionSucceededEventDetails"),
    "FAILED": ("ExecutionFailed", "executionFailedEventDetails"),
    "TIMED_OUT": ("ExecutionTimedOut", "executionTimedOutEventDetails"),
}


def finish(
    record: Record,
    status: str,
    output: str | None = None,
    error: str | None = None,
    cause: str | None = None,
) -> None:
    """Put the outcome into the record and announce it, unless the execution is over already."""
    if record["status"] != "RUNNING":
        return
    record.update(stopDate=records.now_iso(), output=output, error=error, cause=cause, status=status)
    events.announce(record)
