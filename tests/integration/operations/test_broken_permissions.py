"""The workflow's role loses its access to the table and gets it back; two operators replay at the same time."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from imageservice.failures.advice import advice_on
from imageservice_operator.operations import executions, failures, replay
from imageservice_operator.operations.images import Image

IDS = [f"denied/{number}.jpg" for number in range(10)]


@pytest.fixture(scope="module")
def denied(service: Any) -> dict[str, Image]:
    """The images as they were after their uploads failed."""
    iam, states = service.stack.client("iam"), service.stack.client("stepfunctions")
    machine = states.describe_state_machine(stateMachineArn=service.stack.machine_arn("ProcessImage"))
    role = machine["roleArn"].rpartition("/")[2]
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    before = {name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names}
    for name, document in before.items():
        statements = [each for each in document["Statement"] if "dynamodb:" not in json.dumps(each["Action"])]
        without = {**document, "Statement": statements}
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(without))
    try:
        return dict(service.settled(service.upload(IDS)))
    finally:
        for name, document in before.items():
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


@pytest.fixture(scope="module")
def replayed(service: Any, denied: dict[str, Image]) -> list[list[replay.Outcome]]:
    """The outcomes of two simultaneous replays, each of all failures."""

    def everything(_: int) -> list[replay.Outcome]:
        begun = replay.replay(service.stack, failures.failed(service.stack), replay.Options(per_second=100))
        return replay.followed(service.stack, begun)

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(everything, range(2)))


def test_an_upload_that_could_not_even_be_registered_is_on_record(denied: dict[str, Image]) -> None:
    assert {image_id: image.status for image_id, image in denied.items()} == dict.fromkeys(IDS, "FAILED")


def test_cause_names_the_action_that_was_denied(denied: dict[str, Image]) -> None:
    assert all("dynamodb:UpdateItem" in str(image.error) for image in denied.values())


def test_what_to_do_is_to_give_the_permission_back(denied: dict[str, Image], service: Any) -> None:
    image = denied[IDS[0]]
    assert image.error is not None
    advice = advice_on(image.error["name"], image.error["cause"])
    assert "permission" in advice.remedy


@pytest.mark.usefixtures("replayed")
def test_all_are_ready_after_it(service: Any) -> None:
    assert service.statuses(IDS) == dict.fromkeys(IDS, "READY")


def test_each_was_taken_up_once_though_two_replayed(
    service: Any, denied: dict[str, Image], replayed: list[list[replay.Outcome]]
) -> None:
    counts = {
        executions.describe(service.stack, str(image.execution)).redrive_count for image in denied.values()
    }
    assert counts == {1}
    assert {service.entered(str(image.execution), "Resize") for image in denied.values()} == {2}


def test_no_replay_reports_a_failure(replayed: list[list[replay.Outcome]]) -> None:
    assert {outcome.result for outcomes in replayed for outcome in outcomes} <= {"READY", None}
