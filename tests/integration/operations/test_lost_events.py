"""Events that get lost on their way: uploads to the dead-letter queue, failures to the reconciler."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from waiting import HANG_S, until

from imageservice_operator.operations import dead_letters, images

UNDELIVERED = ["dead/1 a+b%20é.jpg", "dead/2.jpg"]


def rule_of(service: Any, part: str) -> str:
    rules = service.stack.client("events").list_rules()["Rules"]
    return str(next(rule["Name"] for rule in rules if part in rule["Name"]))


@pytest.fixture(scope="module")
def undelivered(service: Any) -> dict[str, int]:
    """Two uploads whose workflow could not be reached, and the queues' depths after that. It can be reached again."""
    client, rule = service.stack.client("events"), rule_of(service, "OriginalUploaded")
    (target,) = client.list_targets_by_rule(Rule=rule)["Targets"]
    gone = {**target, "Arn": target["Arn"] + "-gone"}
    client.put_targets(Rule=rule, Targets=[gone])
    try:
        service.upload(UNDELIVERED)
        until(lambda: dead_letters.depths(service.stack)["uploads"] == len(UNDELIVERED))
        return dead_letters.depths(service.stack)
    finally:
        client.put_targets(Rule=rule, Targets=[target])


def test_dry_run_names_the_images_and_leaves_the_queue_alone(
    service: Any, undelivered: dict[str, int]
) -> None:
    would = service.images("replay", "--dlq", "--dry-run")
    assert sorted(line["image_id"] for line in would.lines) == UNDELIVERED
    assert dead_letters.depths(service.stack) == undelivered


def test_replaying_the_queue_makes_the_images_ready_and_empties_it(
    service: Any, undelivered: dict[str, int]
) -> None:
    assert [line["done"] for line in service.images("replay", "--dlq").lines] == [True, True]
    until(lambda: service.statuses(UNDELIVERED) == dict.fromkeys(UNDELIVERED, "READY"))
    assert dead_letters.depths(service.stack)["uploads"] == 0


@pytest.fixture(scope="module")
def unnoticed(service: Any) -> str:
    """The id of an upload whose execution failed while no rule listened to failures."""
    image_id = "unnoticed/1.jpg"
    events, rule = service.stack.client("events"), rule_of(service, "WorkflowFailed")
    events.disable_rule(Name=rule)
    service.redis.stop()
    try:
        service.upload([image_id])
        states, machine = service.stack.client("stepfunctions"), service.stack.machine_arn("ProcessImage")
        image = until(lambda: images.get_many(service.stack, [image_id]).get(image_id))
        until(
            lambda: (
                image.execution
                in [
                    each["executionArn"]
                    for each in states.list_executions(stateMachineArn=machine, statusFilter="FAILED")[
                        "executions"
                    ]
                ]
            ),
        )
    finally:
        service.redis.start()
        events.enable_rule(Name=rule)
    return image_id


def test_failures_lists_what_no_event_reported(service: Any, unnoticed: str) -> None:
    assert service.statuses([unnoticed]) == {unnoticed: "PROCESSING"}
    listed = [each for group in service.images("failures").lines for each in group["failures"]]
    assert [(each["id"], each["recorded"]) for each in listed] == [(unnoticed, False)]


def test_status_and_the_console_count_it_as_failed_before_it_is_on_record(
    service: Any, unnoticed: str
) -> None:
    ended = service.images("status")
    assert (ended.code, ended.lines[0]["failures"]["unrecorded"]) == (1, 1)
    assert (ended.lines[0]["images"]["FAILED"], ended.lines[0]["images"]["PROCESSING"]) == (1, 0)
    page = httpx.get(f"{service.stack.console_url}/?status=FAILED", timeout=HANG_S).text
    assert 'Failed <span class="count">1<' in page
    assert f'title="{unnoticed}"' in page


def test_reconciler_puts_it_on_record(service: Any, unnoticed: str) -> None:
    ended = service.images("reconcile")
    assert (ended.code, ended.lines[0]["stuck"]) == (1, [unnoticed])
    image = images.get(service.stack, unnoticed)
    assert image.status == "FAILED"
    assert image.error is not None
    assert image.error["name"] == "CacheUnavailable"


def test_reconciler_finds_nothing_the_second_time(service: Any, unnoticed: str) -> None:
    ended = service.images("reconcile")
    assert (ended.code, ended.lines) == (0, [{"waiting": [], "stuck": [], "missed": []}])


def test_it_can_be_replayed_then(service: Any, unnoticed: str) -> None:
    assert json.dumps(service.images("replay", "--all").lines[0]["result"]) == '"READY"'
    assert service.statuses([unnoticed]) == {unnoticed: "READY"}
