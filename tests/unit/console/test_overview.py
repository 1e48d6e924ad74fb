"""The overview: what is wrong now, the button that puts it right, and what it shows without CloudWatch."""

from __future__ import annotations

from collections.abc import Iterator

import moto_stack
import pytest
from botocore.exceptions import ClientError
from moto_stack import World
from starlette.testclient import TestClient

from imageservice_operator.console.app import create_app


@pytest.fixture
def world() -> Iterator[World]:
    with moto_stack.world() as made:
        yield made


def page(world: World) -> str:
    answer = TestClient(create_app(world.stack), base_url="http://127.0.0.1").get("/overview")
    assert answer.status_code == 200
    return answer.text


def test_all_is_well_is_said_and_no_button_is_shown(world: World) -> None:
    text = page(world)
    assert "All is well" in text
    assert "Replay all" not in text


def test_failures_are_named_with_what_to_do_and_the_button(world: World) -> None:
    for image_id in ("a.jpg", "b.jpg"):
        world.item(image_id, "PROCESSING", execution=world.execution(image_id, error="CacheUnavailable"))
    world.dead_letter("c.jpg")
    text = page(world)
    assert "2 failures with CacheUnavailable." in text
    assert "Check that Redis runs" in text
    assert "Replay all 2</button>" in text
    assert "Send undelivered events again</button>" in text


def test_what_a_replay_can_not_help_has_no_button(world: World) -> None:
    world.execution("a.jpg", error="NotAnnounced")
    text = page(world)
    assert "1 failure with NotAnnounced." in text
    assert "Replay all" not in text


def test_without_the_permission_to_read_metrics_the_rest_is_shown(world: World) -> None:
    denied = {
        "Error": {"Code": "AccessDenied", "Message": "not authorized to perform: cloudwatch:GetMetricData"}
    }

    def refuse(**_: object) -> None:
        raise ClientError(denied, "GetMetricData")  # type: ignore[arg-type]

    world.stack.client("cloudwatch").meta.events.register("before-call.cloudwatch.GetMetricData", refuse)
    text = page(world)
    assert "All is well" in text
    assert "cloudwatch:GetMetricData" in text
