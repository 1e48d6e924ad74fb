"""Replays failed work: redrives an execution where it stopped, or starts a new one from the stored upload.

Safe to run twice, also at once: a redrive carries a token derived from the execution and the number of its redrives, a
new execution a name derived from the one it replaces, and the workflow's own writes are conditional.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from botocore.exceptions import ClientError

from imageservice_operator.operations import audit, executions, images
from imageservice_operator.operations.deployed_workflows import DeployedWorkflows
from imageservice_operator.operations.errors import ImageNotFound
from imageservice_operator.operations.executions import RUNNING, Execution
from imageservice_operator.operations.failures import FailedImage, failure_of_image
from imageservice_operator.operations.images import Image
from imageservice_operator.operations.pacing import paced
from imageservice_operator.operations.replay_plan import (
    ALREADY_RUNNING,
    NOT_POSSIBLE,
    NOTHING_TO_DO,
    REDRIVEN,
    RESTARTED,
    Plan,
    State,
    decide,
    decide_forgotten,
    restart,
    why_nothing,
)
from imageservice_operator.operations.stack import Stack

PER_SECOND = 5.0
_CHAIN = 25  # the most new executions, each in place of the previous one, which failed too


@dataclass(frozen=True)
class Options:
    """`dry_run` changes nothing. `new_execution` never redrives.

    `per_second` limits how many replays start per second.
    """

    dry_run: bool = False
    new_execution: bool = False
    per_second: float = PER_SECOND


DEFAULTS = Options()


@dataclass(frozen=True)
class Outcome:
    """What was done about one image. `execution` is the one that works on it now, `result` the status it ended with.

    `action` is one of the constants of replay_plan; `note` says why nothing was done, or why it was restarted.
    """

    id: str
    action: str
    execution: str | None = None
    note: str = ""
    result: str | None = None

    @property
    def begun(self) -> bool:
        return self.action in (REDRIVEN, RESTARTED, ALREADY_RUNNING)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def replay(
    stack: Stack,
    failures: Sequence[FailedImage],
    options: Options = DEFAULTS,
    on_outcome: Callable[[Outcome], Any] | None = None,
) -> list[Outcome]:
    """Replays each failure. If AWS refuses one, the others are still replayed."""
    outcomes, workflows = [], DeployedWorkflows(stack)
    for failure in failures if options.dry_run else paced(failures, options.per_second):
        try:
            outcome = _replay_failure(stack, failure, options, workflows)
        except ClientError as error:
            outcome = Outcome(failure.id, NOT_POSSIBLE, failure.execution, str(error))
        outcomes.append(outcome)
        if on_outcome:
            on_outcome(outcome)
    return outcomes


def replay_image(stack: Stack, image_id: str, options: Options = DEFAULTS) -> Outcome:
    """Replays the failure of one image. Raises ImageNotFound if nothing is known about the image."""
    image = images.get(stack, image_id)
    failure = failure_of_image(stack, image)
    if failure is None:
        return Outcome(image_id, NOTHING_TO_DO, image.execution, why_nothing(image), image.status)
    return replay_failure(stack, failure, options)


def replay_execution(stack: Stack, arn: str, options: Options = DEFAULTS) -> Outcome:
    """Replays one execution, whether or not the image's item names it. Raises ExecutionNotFound."""
    execution = executions.describe(stack, arn)
    image = _image(stack, execution.image_id) if execution.image_id else None
    workflows = DeployedWorkflows(stack)
    return _execute(stack, _decide(stack, execution, image, options, workflows), options, workflows)


def replay_failure(stack: Stack, failure: FailedImage, options: Options = DEFAULTS) -> Outcome:
    """Replays one failure in its current state: it may have been repaired since it was listed."""
    return _replay_failure(stack, failure, options, DeployedWorkflows(stack))


def _replay_failure(
    stack: Stack, failure: FailedImage, options: Options, workflows: DeployedWorkflows
) -> Outcome:
    known = executions.describe_many(stack, [failure.execution] if failure.execution else [])
    execution, image = next(known, None), _image(stack, failure.id)
    if execution is None:
        return _execute(stack, decide_forgotten(failure.id, image, failure.execution), options, workflows)
    return _execute(stack, _decide(stack, execution, image, options, workflows), options, workflows)


def followed(
    stack: Stack,
    outcomes: Sequence[Outcome],
    *,
    timeout: float = 900,
    on_result: Callable[[Outcome], Any] | None = None,
) -> list[Outcome]:
    """The outcomes with what each execution ended with as `result`: its output's status (READY, SUPERSEDED, DELETED),
    otherwise the execution's own (FAILED, or RUNNING after `timeout` seconds)."""
    results: dict[int, Outcome] = {}
    waiting = {
        index: outcome for index, outcome in enumerate(outcomes) if outcome.begun and outcome.execution
    }
    deadline, pause = time.monotonic() + timeout, 0.3
    while waiting:
        arns = {str(outcome.execution): index for index, outcome in waiting.items()}
        late = time.monotonic() > deadline
        for execution in executions.describe_many(stack, list(arns)):
            if execution.status == RUNNING and not late:
                continue
            index = arns[execution.arn]
            outcome = waiting.pop(index)
            note = execution.failure["cause"] if execution.failure else outcome.note
            results[index] = replace(outcome, result=execution.output_status, note=note)
            if on_result:
                on_result(results[index])
        if late:
            break
        if waiting:
            time.sleep(pause)
            pause = min(pause * 1.3, 3.0)
    return [results.get(index, outcome) for index, outcome in enumerate(outcomes)]


def _decide(
    stack: Stack, execution: Execution, image: Image | None, options: Options, workflows: DeployedWorkflows
) -> Plan:
    # History and definition are read only if the decision depends on them.
    redrivable = execution.failure and execution.redrive_status == "REDRIVABLE" and not options.new_execution
    current = not redrivable or workflows.run(execution)
    last = executions.last_state(stack, execution.arn) if redrivable and current else None
    last_state = State(*last) if last else None
    return decide(execution, image, last_state, current=current, new_execution=options.new_execution)


def _execute(stack: Stack, plan: Plan, options: Options, workflows: DeployedWorkflows) -> Outcome:
    """Carries out the plan, and puts that on record; a dry run, or a plan to do nothing, changes nothing."""
    if plan.action not in (REDRIVEN, RESTARTED):
        return Outcome(plan.id, plan.action, plan.execution, plan.note, plan.result)
    if options.dry_run:
        execution = plan.execution if plan.action == REDRIVEN else None
        return Outcome(plan.id, plan.action, execution, f"Dry run. {plan.note}".rstrip())
    failed = plan.execution if str(plan.execution).startswith("arn:") else None
    with audit.recorded(stack, "replay", image=plan.id, execution=failed) as act:
        outcome = _carried_out(stack, plan, options, workflows)
        act.outcome = f"{outcome.action}: {outcome.note}" if outcome.note else outcome.action
        act.started = outcome.execution if outcome.action == RESTARTED else None
    return outcome


def _carried_out(stack: Stack, plan: Plan, options: Options, workflows: DeployedWorkflows) -> Outcome:
    """The outcome of the plan, or of the plan that replaces it if another replay was faster."""
    for _ in range(_CHAIN):
        if plan.action not in (REDRIVEN, RESTARTED):
            return Outcome(plan.id, plan.action, plan.execution, plan.note, plan.result)
        redrives = plan.action == REDRIVEN
        done = _redrive(stack, plan) if redrives else _restart(stack, plan, options, workflows)
        if isinstance(done, Outcome):
            return done
        plan = done
    note = f"{_CHAIN} new executions failed one after another; look at its history."
    return Outcome(plan.id, NOT_POSSIBLE, plan.execution, note)


def _redrive(stack: Stack, plan: Plan) -> Outcome | Plan:
    """Redrives the execution; if Step Functions refuses, returns the plan to restart it."""
    arn = str(plan.execution)
    token = _derived(arn, str(plan.redrives))
    try:
        stack.client("stepfunctions").redrive_execution(executionArn=arn, clientToken=token)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ExecutionNotRedrivable":
            raise
        now = executions.describe(stack, arn)
        if now.status == RUNNING or now.redrive_count > plan.redrives:
            return Outcome(plan.id, ALREADY_RUNNING, arn, "Another replay was faster.")
        return restart(now, error.response["Error"].get("Message", "it can't be redriven"))
    return Outcome(plan.id, REDRIVEN, arn)


def _restart(stack: Stack, plan: Plan, options: Options, workflows: DeployedWorkflows) -> Outcome | Plan:
    """Starts the new execution, whose name is derived from the one it replaces. If it exists, returns its plan."""
    machine_arn = stack.machine_arn(plan.machine)
    name = f"replay-{_derived(str(plan.execution))}"
    arn = f"{machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
    try:
        stack.client("stepfunctions").start_execution(
            stateMachineArn=machine_arn, name=name, input=json.dumps(plan.event)
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
            raise
        return _decide(stack, executions.describe(stack, arn), None, options, workflows)
    return Outcome(plan.id, RESTARTED, arn, plan.note)


def _image(stack: Stack, image_id: str) -> Image | None:
    try:
        return images.get(stack, image_id)
    except ImageNotFound:
        return None


def _derived(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:40]
