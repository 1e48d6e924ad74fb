"""A bug is deployed to the resize function, and corrected."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from resize_artifact import artifact

from imageservice_operator.operations import executions, logs, stories
from imageservice_operator.operations.images import Image

IDS = [f"bug/{number}.jpg" for number in range(10)]
ROOT = Path(__file__).parents[3]
FUNCTIONS = ROOT / "functions"
BUG = (FUNCTIONS / "resize/sizer.py").read_text().replace("target_of(resize)", 'resize["sizes"]')


@pytest.fixture(scope="module")
def buggy(service: Any) -> dict[str, Image]:
    """The images as they were after a bug had failed them; the bug is corrected afterwards."""
    function = service.function_of("ResizeFunction")
    update = service.stack.client("lambda").update_function_code
    update(FunctionName=function, ZipFile=artifact(**{"resize/sizer.py": BUG}))
    try:
        return dict(service.settled(service.upload(IDS)))
    finally:
        update(FunctionName=function, ZipFile=artifact())


def test_cause_is_the_exception_as_raised(buggy: dict[str, Image]) -> None:
    assert {image.status for image in buggy.values()} == {"FAILED"}
    assert {str(image.error["name"]) for image in buggy.values() if image.error} == {"KeyError"}


def test_failures_point_at_the_code(service: Any, buggy: dict[str, Image]) -> None:
    groups = service.images("failures", "--error", "KeyError").lines
    assert "bug" in groups[0]["meaning"]


@pytest.mark.usefixtures("buggy")
@pytest.mark.parametrize("command", ["failures", "replay"])
def test_a_mistyped_error_is_refused_with_the_errors_that_there_are(service: Any, command: str) -> None:
    ended = service.images(command, "--error", "KeyEror")
    assert (ended.code, ended.lines) == (2, [])
    assert ended.said == "Nothing failed with the error KeyEror; what failed: KeyError.\n"


def test_logs_and_history_show_the_call_and_the_size_that_failed(
    service: Any, buggy: dict[str, Image]
) -> None:
    execution = str(buggy[IDS[3]].execution)
    lines = service.images("logs", execution, "--errors").lines
    assert {line["error"] for line in lines} == {"KeyError"}
    assert all(line["execution"] == execution and line["function_request_id"] for line in lines)
    printed = subprocess.run(
        [ROOT / "scripts/images", "history", execution, "--state-dir", service.state_dir],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert re.search(r"Resize, size \w+: KeyError: 'sizes'", printed)
    assert re.search(r"resize/sizer\.py:\d+ in make", printed)
    assert re.search(r"started +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", printed)


def test_each_attempt_leads_to_the_lines_of_its_own_request(service: Any, buggy: dict[str, Image]) -> None:
    execution = executions.describe(service.stack, buggy[IDS[3]].execution)
    story = stories.read(executions.history(service.stack, execution.arn))
    attempts = [
        (visit, attempt)
        for visit in story.all_visits()
        if visit.state == "Resize"
        for attempt in visit.attempts
        if attempt.succeeded is False
    ]
    requests = []
    for visit, attempt in attempts:
        lines = logs.of_attempt(service.stack, execution, visit, attempt)
        assert [line.size for line in lines if line.stack_trace] == [visit.iteration.label]
        assert len({line.request for line in lines}) == 1
        requests.append(lines[0].request)
    assert len(set(requests)) == len(attempts) > 1


def test_dry_run_changes_nothing(service: Any, buggy: dict[str, Image]) -> None:
    would = service.images("replay", "--error", "KeyError", "--dry-run")
    assert {line["action"] for line in would.lines} == {"redriven"}
    assert set(service.statuses(IDS).values()) == {"FAILED"}


def test_one_can_be_restarted_instead_of_redriven(service: Any, buggy: dict[str, Image]) -> None:
    (outcome,) = service.images("replay", IDS[0], "--new-execution").lines
    assert (outcome["action"], outcome["result"]) == ("restarted", "READY")
    assert outcome["execution"] != buggy[IDS[0]].execution


def test_redrive_runs_the_corrected_code(service: Any, buggy: dict[str, Image]) -> None:
    replayed = service.images("replay", "--error", "KeyError", "--rate", "50")
    assert (replayed.code, service.statuses(IDS)) == (0, dict.fromkeys(IDS, "READY"))
    counts = [executions.describe(service.stack, str(buggy[each].execution)).redrive_count for each in IDS]
    assert counts == [0] + [1] * 9


def test_the_log_has_one_line_with_the_stack_trace_for_each_failed_call(
    service: Any, buggy: dict[str, Image]
) -> None:
    pages = service.stack.client("logs").get_paginator("filter_log_events")
    execution = str(buggy[IDS[3]].execution)
    found = [
        json.loads(event["message"])
        for page in pages.paginate(
            logGroupName=f"/{service.stack.name}/functions", filterPattern=f'"{execution}"'
        )
        for event in page["events"]
    ]
    failed = [line for line in found if line.get("message") == "failed"]
    assert {(line["level"], line["error"], line["image_id"]) for line in failed} == {
        ("ERROR", "KeyError", IDS[3])
    }
    assert all("resize/sizer.py" in line["exception"] for line in failed)
