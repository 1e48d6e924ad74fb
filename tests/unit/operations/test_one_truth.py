"""`status`, `failures`, the console's tabs and its failures page give the same figures, in every state."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import moto_stack
import pytest
from click.testing import CliRunner
from moto_stack import World
from starlette.testclient import TestClient

from imageservice_operator.cli.__main__ import images as command_line
from imageservice_operator.console.app import create_app
from imageservice_operator.operations.stack import Stack


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with moto_stack.world() as made:
        monkeypatch.setattr(Stack, "find", lambda *_, **__: made.stack)
        yield made
        for thread in threading.enumerate():
            if thread.name == "dead-letters":  # the failures page reads the queues on it
                thread.join()


def command(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
    ended = CliRunner().invoke(command_line, [*arguments, "--json"])
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
    return ended.exit_code, [json.loads(line) for line in ended.stdout.splitlines()]


def page(world: World, path: str) -> str:
    return TestClient(create_app(world.stack), base_url="http://127.0.0.1").get(path).text


def failed_on_record(world: World) -> None:
    arn = world.execution("recorded.jpg", error="CacheUnavailable")
    error = {"name": "CacheUnavailable", "cause": "Redis: gone", "execution": arn}
    world.item("recorded.jpg", "FAILED", execution=arn, error=error)


def failed_and_not_marked(world: World) -> None:
    world.item("unmarked.jpg", "PROCESSING", execution=world.execution("unmarked.jpg", error="Bug"))


def failed_before_it_could_register(world: World) -> None:
    world.execution("unregistered.jpg", error="Throttled")


def failed_removal_on_record(world: World) -> None:
    arn = world.execution("tombstone.jpg", error="RemovalIncomplete", removal=True)
    error = {"name": "RemovalIncomplete", "cause": "some are left", "execution": arn}
    world.item("tombstone.jpg", "DELETED", execution=arn, error=error, replaced=[])


def failed_removal_without_an_event(world: World) -> None:
    arn = world.execution("half-removed.jpg", error="RemovalIncomplete", removal=True)
    world.item("half-removed.jpg", "DELETED", execution=arn, replaced=[])


def waits_for_an_execution_that_is_forgotten(world: World) -> None:
    arn = world.execution("x").replace(":x", ":forgotten")[:-1] + "forgotten"
    upload = {"bucket": "originals", "key": "stuck.jpg", "etag": "e", "bytes": 1, "version_id": "1"}
    world.item("stuck.jpg", "PROCESSING", execution=arn, upload=upload)


def in_progress(world: World) -> None:
    world.item("busy.jpg", "PROCESSING", execution=world.execution("busy.jpg"))


def rejected(world: World) -> None:
    arn = world.execution("bad.jpg", error="ImageRejected")
    world.item("bad.jpg", "REJECTED", execution=arn, error={"name": "ImageRejected", "cause": "truncated"})


def ready_after_a_failure(world: World) -> None:
    world.execution("repaired.jpg", error="CacheUnavailable")
    world.item("repaired.jpg", "READY", execution=world.execution("repaired.jpg"), revision=1)


def undelivered(world: World) -> None:
    world.dead_letter("late.jpg")


# What happens, the images that have failed then, those in progress, and the dead letters.
STATES: list[tuple[Callable[[World], None], set[str], int, int]] = [
    (in_progress, set(), 1, 0),
    (rejected, set(), 0, 0),
    (ready_after_a_failure, set(), 0, 0),
    (failed_on_record, {"recorded.jpg"}, 0, 0),
    (failed_and_not_marked, {"unmarked.jpg"}, 0, 0),
    (failed_before_it_could_register, {"unregistered.jpg"}, 0, 0),
    (failed_removal_on_record, {"tombstone.jpg"}, 0, 0),
    (failed_removal_without_an_event, {"half-removed.jpg"}, 0, 0),
    (waits_for_an_execution_that_is_forgotten, {"stuck.jpg"}, 0, 0),
    (undelivered, set(), 0, 1),
]


def commands_agree(failed: set[str], busy: int, letters: int) -> dict[str, int]:
    """`status` and `failures` say this; returns the images by status."""
    code, (status,) = command("status")
    assert (status["images"]["FAILED"], status["images"]["PROCESSING"]) == (len(failed), busy)
    assert sum(status["dead_letters"].values()) == letters
    assert code == (1 if failed or letters else 0)

    code, groups = command("failures", "--exit-code")
    listed = [each["id"] for group in groups for each in group["failures"]]
    assert sorted(listed) == sorted(failed)
    assert status["failures"]["total"] == len(listed)
    assert sum(group["count"] for group in groups if "dead_letters" in group) == letters
    assert code == (1 if failed or letters else 0)
    images: dict[str, int] = status["images"]
    return images


def pages_agree(world: World, images: dict[str, int], failed: set[str], busy: int) -> None:
    """The tabs, their list of what failed, and the failures page say the same."""
    tabs = re.findall(r'status=(\w+)" [^>]*>\w+(?: <span class="count">([\d,]+))?', page(world, "/"))
    assert {name: int(count or 0) for name, count in tabs} == images
    assert set(re.findall(r'class="card-name" title="([^"]+)"', page(world, "/?status=FAILED"))) == failed

    failures = page(world, "/failures").partition('id="letters"')[0]
    assert set(re.findall(r'<a href="/image\?id=([^"]+)">', failures)) == failed
    assert ("Nothing has failed" in failures) == (not failed)
    assert ("Nothing has failed so far" in failures) == (not failed and busy > 0)


def test_figures_agree_after_each_thing_that_happens(world: World) -> None:
    failed: set[str] = set()
    busy = letters = 0
    for happens, fails, starts, undelivers in STATES:
        happens(world)
        failed |= fails
        busy, letters = busy + starts, letters + undelivers
        images = commands_agree(failed, busy, letters)
        if happens in (in_progress, STATES[-1][0]):
            pages_agree(world, images, failed, busy)


def test_status_of_each_image_and_its_page_say_that_it_failed(world: World) -> None:
    for happens, fails, *_ in STATES:
        happens(world)
        for image_id in fails - {"unregistered.jpg"}:
            code, (image,) = command("status", image_id)
            assert (code, image["status"]) == (1, "FAILED"), image_id
            assert image["error"]["name"]
            shown = page(world, f"/image?id={image_id}")
            assert re.search(r'class="chip failed"', shown.partition("</h1>")[2]), image_id
            assert "What to do:" in shown


def test_a_failure_that_is_recorded_while_failures_are_read_is_among_them(world: World) -> None:
    arn = world.execution("just.jpg", error="CallLost")
    recorded = {"name": "CallLost", "cause": "killed", "execution": arn}
    world.item("just.jpg", "PROCESSING", execution=arn)
    world.stack.client("stepfunctions").meta.events.register(
        "after-call.stepfunctions.ListExecutions",
        lambda **_: world.item("just.jpg", "FAILED", execution=arn, error=recorded),
    )
    _, groups = command("failures", "--error", "CallLost")
    assert [group["count"] for group in groups] == [1]
