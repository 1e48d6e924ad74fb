"""A replay redrives where that is possible, otherwise restarts, and never does either twice."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from imageservice_operator.operations import replay, replay_plan
from imageservice_operator.operations.failures import FailedImage
from imageservice_operator.operations.stack import Stack

MACHINE = "arn:aws:states:us-east-1:1:stateMachine:process"
FIRST = "arn:aws:states:us-east-1:1:execution:process:first"
SEQUENCER = "5"
ORIGINAL = {"key": "a.jpg", "size": 7, "etag": "e", "version-id": "v", "sequencer": "5"}
EVENT = {
    "detail-type": "Object Created",
    "detail": {"reason": "PutObject", "bucket": {"name": "originals"}, "object": ORIGINAL},
}


class States:
    """The part of Step Functions that a replay calls: executions by ARN, the calls made, and the last state of all."""

    def __init__(self) -> None:
        self.known: dict[str, dict[str, Any]] = {}
        self.redriven: list[str] = []
        self.tokens: list[str] = []
        self.started: list[dict[str, Any]] = []
        self.last_state = ("Task", "Refresh Redis")
        self.refusing_redrives = False
        self.deployed = "v1"
        self.definitions: dict[str, str] = {}
        self.asked: list[str] = []

    def add(self, arn: str, status: str = "FAILED", redrive: str = "REDRIVABLE", **others: Any) -> None:
        self.known[arn] = {
            "executionArn": arn,
            "name": arn.rpartition(":")[2],
            "stateMachineArn": MACHINE,
            "status": status,
            "startDate": datetime(2026, 11, 22, tzinfo=UTC),
            "input": json.dumps(EVENT),
            "redriveCount": 0,
            "redriveStatus": redrive,
            **others,
        }

    def describe_execution(self, executionArn: str) -> dict[str, Any]:  # noqa: N803 - boto3's names
        if executionArn not in self.known:
            raise refused("ExecutionDoesNotExist")
        return self.known[executionArn]

    def describe_state_machine(self, stateMachineArn: str) -> dict[str, Any]:  # noqa: N803
        return {"definition": self.deployed}

    def describe_state_machine_for_execution(self, executionArn: str) -> dict[str, Any]:  # noqa: N803
        self.asked.append(executionArn)
        return {"definition": self.definitions.get(executionArn, "v1")}

    def redrive_execution(self, executionArn: str, clientToken: str) -> None:  # noqa: N803
        self.tokens.append(clientToken)
        if self.refusing_redrives:
            self.known[executionArn]["status"] = "RUNNING"
            raise refused("ExecutionNotRedrivable")
        self.redriven.append(executionArn)

    def start_execution(self, stateMachineArn: str, name: str, input: str) -> None:  # noqa: N803
        if self.arn_of(name) in self.known:
            raise refused("ExecutionAlreadyExists")
        self.started.append({"name": name, "input": json.loads(input)})
        self.add(self.arn_of(name), "RUNNING")

    def arn_of(self, name: str) -> str:
        return FIRST.replace("first", name)

    def get_paginator(self, _: str) -> States:
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        kind, name = self.last_state
        return [{"events": [{"type": f"{kind}StateEntered", "stateEnteredEventDetails": {"name": name}}]}]


class Table:
    """One item, or none."""

    def __init__(self) -> None:
        self.item: dict[str, Any] | None = None

    def put(self, status: str, sequencer: str = SEQUENCER) -> None:
        upload = {
            "bucket": {"S": "originals"},
            "key": {"S": "a.jpg"},
            "etag": {"S": "e"},
            "bytes": {"N": "7"},
            "version_id": {"S": "v"},
        }
        self.item = {
            "id": {"S": "a.jpg"},
            "status": {"S": status},
            "sequencer": {"S": sequencer},
            "upload": {"M": upload},
        }

    def get_item(self, **_: Any) -> dict[str, Any]:
        return {"Item": self.item} if self.item else {}


class World:
    def __init__(self) -> None:
        self.states, self.table = States(), Table()
        self.table.put("FAILED")
        clients: dict[str, Any] = {"stepfunctions": self.states, "dynamodb": self.table}
        outputs = {"ProcessImageArn": MACHINE, "ImageTableName": "images"}
        self.stack = Stack("test", "us-east-1", outputs, lambda service: clients[service])

    def replay(self, **options: Any) -> replay.Outcome:
        failure = FailedImage("a.jpg", FIRST, "ProcessImage", "Boom", "it broke", "", "FAILED", True)
        return replay.replay_failure(self.stack, failure, replay.Options(**options))


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "call")


@pytest.fixture
def world() -> World:
    return World()


def test_what_can_be_redriven_is(world: World) -> None:
    world.states.add(FIRST)
    assert world.replay().action == replay_plan.REDRIVEN
    assert world.states.redriven == [FIRST]


def test_two_redrives_of_one_failure_have_one_token(world: World) -> None:
    world.states.add(FIRST)
    world.replay()
    world.replay()
    assert len(set(world.states.tokens)) == 1


def test_what_is_too_old_to_be_redriven_is_restarted_as_a_replay(world: World) -> None:
    world.states.add(FIRST, redrive="NOT_REDRIVABLE", redriveStatusReason="older than 14 days")
    outcome = world.replay()
    assert outcome.action == replay_plan.RESTARTED
    assert "older than 14 days" in outcome.note
    detail = world.states.started[0]["input"]["detail"]
    assert (detail["reason"], detail["object"]) == ("Replay", ORIGINAL)


def test_what_ended_in_a_fail_state_is_restarted(world: World) -> None:
    world.states.add(FIRST)
    world.states.last_state = ("Fail", "Given up")
    assert world.replay().action == replay_plan.RESTARTED


def test_what_step_functions_has_forgotten_is_started_from_the_stored_upload(world: World) -> None:
    assert world.replay().action == replay_plan.RESTARTED
    described = world.states.started[0]["input"]["detail"]["object"]
    assert described == {**ORIGINAL, "sequencer": SEQUENCER}


def test_a_redrive_that_another_was_faster_with_is_no_error(world: World) -> None:
    world.states.add(FIRST)
    world.states.refusing_redrives = True
    assert world.replay().action == replay_plan.ALREADY_RUNNING


def test_two_replays_start_one_execution(world: World) -> None:
    world.states.add(FIRST, redrive="NOT_REDRIVABLE")
    assert [world.replay().action, world.replay().action] == [
        replay_plan.RESTARTED,
        replay_plan.ALREADY_RUNNING,
    ]
    assert len(world.states.started) == 1


def test_a_replay_that_succeeded_is_not_made_again(world: World) -> None:
    world.states.add(FIRST, redrive="NOT_REDRIVABLE")
    world.replay()
    name = world.states.started[0]["name"]
    world.states.add(world.states.arn_of(name), "SUCCEEDED", output='{"status": "READY"}')
    outcome = world.replay()
    assert (outcome.action, outcome.result) == (replay_plan.NOTHING_TO_DO, "READY")


def test_a_replay_that_failed_is_redriven_in_its_turn(world: World) -> None:
    world.states.add(FIRST, redrive="NOT_REDRIVABLE")
    world.replay()
    arn = world.states.arn_of(world.states.started[0]["name"])
    world.states.add(arn, "FAILED")
    outcome = world.replay()
    assert (outcome.action, outcome.execution) == (replay_plan.REDRIVEN, arn)


def test_a_replay_that_failed_and_is_old_itself_is_followed_by_another(world: World) -> None:
    world.states.add(FIRST, redrive="NOT_REDRIVABLE")
    world.replay()
    world.states.add(world.states.arn_of(world.states.started[0]["name"]), "FAILED", redrive="NOT_REDRIVABLE")
    assert world.replay().action == replay_plan.RESTARTED
    assert len({started["name"] for started in world.states.started}) == 2


@pytest.mark.parametrize("status", ["READY", "REJECTED", "DELETED"])
def test_what_was_repaired_meanwhile_is_left_alone(world: World, status: str) -> None:
    world.states.add(FIRST)
    world.table.put(status)
    assert world.replay().action == replay_plan.NOTHING_TO_DO


def test_what_a_newer_upload_has_overtaken_is_left_alone(world: World) -> None:
    world.states.add(FIRST)
    world.table.put("READY", sequencer="9")
    assert world.replay().action == replay_plan.NOTHING_TO_DO


def test_a_rejected_image_is_left_alone(world: World) -> None:
    world.states.add(FIRST, error="ImageRejected", cause="too large")
    assert world.replay().action == replay_plan.NOTHING_TO_DO


def test_what_could_not_even_be_recorded_is_replayed_from_its_execution(world: World) -> None:
    world.states.add(FIRST)
    world.table.item = None
    assert world.replay().action == replay_plan.REDRIVEN


def test_dry_run_calls_nothing(world: World) -> None:
    world.states.add(FIRST)
    assert world.replay(dry_run=True).action == replay_plan.REDRIVEN
    assert world.replay(dry_run=True, new_execution=True).action == replay_plan.RESTARTED
    assert (world.states.redriven, world.states.started) == ([], [])


def test_a_new_execution_can_be_asked_for(world: World) -> None:
    world.states.add(FIRST)
    assert world.replay(new_execution=True).action == replay_plan.RESTARTED
    assert world.states.redriven == []


def test_a_failure_without_execution_and_item_is_not_possible_to_replay(world: World) -> None:
    world.table.item = None
    assert world.replay().action == replay_plan.NOT_POSSIBLE


def test_a_replay_that_was_slow_does_not_redrive_a_second_time(world: World) -> None:
    world.states.add(FIRST)
    plan = replay_plan.Plan("a.jpg", replay_plan.REDRIVEN, FIRST, redrives=0)
    world.states.known[FIRST]["redriveCount"] = 1  # another replay's, which failed again by now
    world.states.redrive_execution = lambda **_: (_ for _ in ()).throw(refused("ExecutionNotRedrivable"))  # type: ignore[method-assign]
    outcome = replay._redrive(world.stack, plan)
    assert isinstance(outcome, replay.Outcome)
    assert outcome.action == replay_plan.ALREADY_RUNNING


def test_a_chain_of_new_executions_that_all_failed_ends(world: World) -> None:
    world.states.add(FIRST, redrive="NOT_REDRIVABLE")
    for _ in range(25):
        outcome = world.replay()
        for arn, execution in world.states.known.items():
            if execution["status"] == "RUNNING":
                world.states.add(arn, "FAILED", redrive="NOT_REDRIVABLE")
    assert outcome.action == replay_plan.RESTARTED
    outcome = world.replay()
    assert outcome.action == replay_plan.NOT_POSSIBLE
    assert "25 new executions failed" in outcome.note


def test_what_began_before_a_deployment_is_restarted_because_a_redrive_would_run_the_old_code(
    world: World,
) -> None:
    world.states.add(FIRST)
    world.states.deployed = "v2"
    outcome = world.replay()
    assert (outcome.action, world.states.redriven) == (replay_plan.RESTARTED, [])
    assert "a deployment" in outcome.note


def test_few_questions_tell_which_of_many_executions_began_before_a_deployment(world: World) -> None:
    world.states.deployed = "v2"
    arns = [FIRST.replace("first", f"{number:03}") for number in range(200)]
    for number, arn in enumerate(arns):
        world.states.add(arn, startDate=datetime(2026, 11, 22, tzinfo=UTC) + timedelta(minutes=number))
        world.states.definitions[arn] = "v1" if number < 120 else "v2"
    random.Random(4).shuffle(arns)
    failed = [
        FailedImage("a.jpg", arn, "ProcessImage", "Boom", "it broke", "", "FAILED", True) for arn in arns
    ]
    outcomes = replay.replay(world.stack, failed, replay.Options(per_second=10_000))
    redriven = [outcome.execution for outcome in outcomes if outcome.action == replay_plan.REDRIVEN]
    assert sorted(map(str, redriven)) == sorted(arn for arn in arns if world.states.definitions[arn] == "v2")
    assert len(world.states.asked) <= 20
