"""Another definition is deployed while executions wait for their sizes: each ends by the one that it began with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import pytest
from resize_queue import ResizeQueue
from waiting import until

from imageservice_operator.operations import executions, images

WAITING, REDRIVEN, REPLAYED = IDS = ("changed/waiting.jpg", "changed/redriven.jpg", "changed/replayed.jpg")
NEW = "Only in the new definition"


@contextmanager
def deployed(service: Any) -> Iterator[None]:
    """A definition that has another state before the last one, as an update of the stack deploys it."""
    client, machine = service.stack.client("stepfunctions"), service.stack.machine_arn("ProcessImage")
    before = client.describe_state_machine(stateMachineArn=machine)["definition"]
    changed = json.loads(before)
    announce = changed["States"]["Announce image"]
    changed["States"][NEW] = {"Type": "Pass", "Next": announce["Next"]}
    announce["Next"] = NEW
    client.update_state_machine(stateMachineArn=machine, definition=json.dumps(changed))
    try:
        yield
    finally:
        client.update_state_machine(stateMachineArn=machine, definition=before)


def execution_of(service: Any, image_id: str) -> str | None:
    found = images.get_many(service.stack, [image_id]).get(image_id)
    return found.execution if found else None


@pytest.fixture(scope="module")
def begun(service: Any) -> Iterator[dict[str, str]]:
    """Executions by image. They waited, two were stopped, the definition changed, and then the sizes were made."""
    with ExitStack() as changed:
        with ResizeQueue(service.stack).not_taken():
            sent = service.upload(IDS)
            found = {each: until(partial(execution_of, service, each)) for each in IDS}
            for each in found.values():
                until(partial(service.entered, each, "Resize"))
            for image_id in (REDRIVEN, REPLAYED):
                executions.stop(service.stack, found[image_id])
            stopped = service.settled([each for each in sent if each.id != WAITING])
            assert {image.status for image in stopped.values()} == {"FAILED"}
            changed.enter_context(deployed(service))
        yield found


def test_an_execution_that_waits_ends_ready_by_the_definition_that_it_began_with(
    service: Any, begun: dict[str, str]
) -> None:
    until(lambda: service.statuses([WAITING]) == {WAITING: "READY"})
    assert execution_of(service, WAITING) == begun[WAITING]
    assert service.entered(begun[WAITING], NEW) == 0
    assert NEW not in executions.definition(service.stack, begun[WAITING])["States"]


def test_a_redrive_goes_on_by_the_definition_that_the_execution_began_with(
    service: Any, begun: dict[str, str]
) -> None:
    service.stack.client("stepfunctions").redrive_execution(executionArn=begun[REDRIVEN])
    until(lambda: service.statuses([REDRIVEN]) == {REDRIVEN: "READY"})
    assert execution_of(service, REDRIVEN) == begun[REDRIVEN]
    assert service.entered(begun[REDRIVEN], NEW) == 0


def test_a_replay_begins_by_the_new_definition_and_says_why(service: Any, begun: dict[str, str]) -> None:
    (line,) = service.images("replay", REPLAYED).lines
    assert (line["action"], line["result"]) == ("restarted", "READY")
    assert "a deployment has changed the workflow" in line["note"]
    replaying = execution_of(service, REPLAYED)
    assert (replaying != begun[REPLAYED], service.entered(replaying, NEW)) == (True, 1)
