"""The decision about a failed execution, for each state that it and its image can be in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from imageservice_operator.operations.executions import Execution
from imageservice_operator.operations.images import Image, image_of
from imageservice_operator.operations.replay_plan import (
    ALREADY_RUNNING,
    NOT_POSSIBLE,
    NOTHING_TO_DO,
    REDRIVEN,
    RESTARTED,
    State,
    decide,
)

SEQUENCER, NEWER = "5", "6"
EVENT = {
    "detail-type": "Object Created",
    "detail": {
        "reason": "PutObject",
        "bucket": {"name": "originals"},
        "object": {"key": "a.jpg", "sequencer": "5"},
    },
}
FAILED = Execution(
    arn="arn:first",
    name="first",
    machine="ProcessImage",
    status="FAILED",
    started=datetime(2026, 11, 22, tzinfo=UTC),
    stopped=None,
    input=EVENT,
    output=None,
    error="Boom",
    cause="it broke",
    redrive_count=0,
    redrive_status="REDRIVABLE",
    redrive_reason=None,
    image_id="a.jpg",
    sequencer=SEQUENCER,
)
OLD = {"redrive_status": "NOT_REDRIVABLE", "redrive_reason": "too old"}
TASK, FAIL = State("Task", "Refresh Redis"), State("Fail", "Given up")


def item(status: str, sequencer: str = SEQUENCER, execution: str = "arn:first") -> Image:
    return image_of({"id": "a.jpg", "status": status, "sequencer": sequencer, "execution": execution})


@pytest.mark.parametrize(
    ("changes", "image", "last_state", "action"),
    [
        ({}, item("FAILED"), TASK, REDRIVEN),
        ({}, None, TASK, REDRIVEN),
        ({}, None, None, REDRIVEN),
        ({"status": "TIMED_OUT"}, item("FAILED"), TASK, REDRIVEN),
        ({"status": "ABORTED"}, item("PROCESSING"), TASK, REDRIVEN),
        ({}, item("FAILED"), FAIL, RESTARTED),
        (OLD, item("FAILED"), None, RESTARTED),
        (OLD | {"image_id": None}, None, None, NOT_POSSIBLE),
        ({"status": "RUNNING"}, item("FAILED"), None, ALREADY_RUNNING),
        ({"error": "ImageRejected"}, item("PROCESSING"), TASK, NOTHING_TO_DO),
        ({}, item("READY"), TASK, NOTHING_TO_DO),
        ({}, item("PROCESSING", execution="arn:second"), TASK, NOTHING_TO_DO),
        ({}, item("READY", sequencer=NEWER), TASK, NOTHING_TO_DO),
        ({"status": "SUCCEEDED"}, item("READY"), None, NOTHING_TO_DO),
        ({"status": "SUCCEEDED"}, item("PROCESSING"), None, RESTARTED),
        ({"status": "SUCCEEDED"}, item("PROCESSING", execution="arn:second"), None, NOTHING_TO_DO),
        ({"status": "SUCCEEDED"}, None, None, NOTHING_TO_DO),
    ],
)
def test_each_state_has_one_action(
    changes: dict[str, Any], image: Image | None, last_state: State | None, action: str
) -> None:
    assert decide(replace(FAILED, **changes), image, last_state).action == action


def test_asked_for_a_new_execution_it_never_redrives() -> None:
    plan = decide(FAILED, item("FAILED"), TASK, new_execution=True)
    assert (plan.action, plan.execution) == (RESTARTED, "arn:first")


def test_a_restart_has_the_executions_event_as_a_replay() -> None:
    plan = decide(FAILED, item("FAILED"), FAIL)
    assert plan.event is not None
    assert plan.event["detail"] == {**EVENT["detail"], "reason": "Replay"}
