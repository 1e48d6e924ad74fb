"""Redis stops while twenty photos come in; it is started again, and one command repairs everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from imageservice_operator.operations import executions
from imageservice_operator.operations.executions import Execution
from imageservice_operator.operations.images import Image

IDS = [f"outage/{number} a+b%20é.jpg" for number in range(20)]


@dataclass
class Outage:
    """What the test saw, in order."""

    failed: dict[str, Image | None]
    groups: list[dict[str, Any]]
    replayed: Any
    again: Any
    after: dict[str, str | None]
    executions: dict[str, Execution]


@pytest.fixture(scope="module")
def outage(service: Any) -> Outage:
    service.redis.stop()
    try:
        failed = service.settled(service.upload(IDS))
        groups = service.images("failures").lines
    finally:
        service.redis.start()
    replayed = service.images("replay", "--all", "--rate", "50")
    again = service.images("replay", "--all")
    arns = {image_id: str(image.execution) for image_id, image in failed.items()}
    return Outage(
        failed,
        groups,
        replayed,
        again,
        service.statuses(IDS),
        {image_id: executions.describe(service.stack, arn) for image_id, arn in arns.items()},
    )


def test_every_image_is_failed_with_a_plain_cause(outage: Outage) -> None:
    assert {image and image.status for image in outage.failed.values()} == {"FAILED"}
    assert {image.error["name"] for image in outage.failed.values() if image and image.error} == {
        "CacheUnavailable"
    }


def test_failures_are_one_group_that_says_what_to_do(outage: Outage) -> None:
    (group,) = outage.groups
    assert (group["error"], group["count"]) == ("CacheUnavailable", 20)
    assert "CacheUrl" in group["remedy"]


def test_one_command_makes_all_ready(outage: Outage) -> None:
    assert outage.replayed.code == 0
    assert outage.after == dict.fromkeys(IDS, "READY")


def test_the_command_says_what_became_of_each(outage: Outage) -> None:
    outcomes = {line["id"]: (line["action"], line["result"]) for line in outage.replayed.lines}
    assert outcomes == dict.fromkeys(IDS, ("redriven", "READY"))


def test_no_size_is_made_twice(service: Any, outage: Outage) -> None:
    # Of a photo 240 wide there are two: thumb, and one of its own width for all the others.
    assert {service.entered(each.arn, "Resize") for each in outage.executions.values()} == {2}


def test_history_shows_the_redrive(service: Any, outage: Outage) -> None:
    assert {each.redrive_count for each in outage.executions.values()} == {1}
    some = next(iter(outage.executions.values()))
    assert service.event_types(some.arn).count("ExecutionRedriven") == 1


def test_no_other_execution_was_started(service: Any, outage: Outage) -> None:
    started = [each.arn for each in executions.of_status(service.stack)]
    of_these = [each.arn for each in executions.describe_many(service.stack, started) if each.image_id in IDS]
    assert sorted(of_these) == sorted(each.arn for each in outage.executions.values())


def test_a_second_replay_has_nothing_to_do(outage: Outage) -> None:
    assert (outage.again.code, outage.again.lines) == (0, [])
