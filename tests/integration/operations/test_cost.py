"""`images cost` counts what the local stack really did."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from imageservice_operator.cli.__main__ import images as command_line
from imageservice_operator.operations import images


@pytest.fixture(scope="module")
def counted(service: Any) -> dict[str, Any]:
    service.settled(service.upload(["cost/1.jpg", "cost/2.jpg"]))
    for _ in range(3):
        assert service.get(f"{service.stack.api_url}/images/cost/1.jpg") == 302
    service.images("reconcile")
    ended = service.images("cost", "--sample", "2", "--uploads", "1000", "--reads", "1000")
    assert ended.code == 0
    (document,) = ended.lines
    return dict(document)


def test_an_upload_is_what_its_execution_and_its_functions_did(service: Any, counted: dict[str, Any]) -> None:
    image = images.get(service.stack, "cost/1.jpg")
    sizes = {each["size"] for each in image.renditions}
    quantities = counted["uploads"]["quantities"]
    assert counted["uploads"]["sample"] == 2
    assert quantities["state_transition"] == 8 + len(sizes)
    assert quantities["lambda_request"] == 2 + len(sizes)
    assert quantities["s3_put"] == 1 + len(image.renditions)
    assert quantities["s3_get"] >= 1 + len(sizes)
    assert quantities["event"] == 1
    # Register, record and mark ready write the table and its index; the item has more than 1 kB.
    assert quantities["dynamodb_write_unit"] > 6
    assert quantities["lambda_gb_second"] > 0
    assert 1_000 < quantities["log_gb"] * 1e9 < 100_000


def test_a_redirect_is_a_request_an_invocation_its_time_and_one_line(
    service: Any, counted: dict[str, Any]
) -> None:
    quantities = counted["redirects"]["quantities"]
    assert counted["redirects"]["sample"] >= 3
    assert (quantities["http_api_request"], quantities["lambda_request"]) == (1, 1)
    assert quantities["lambda_gb_second"] > 0
    assert not [note for note in counted["notes"] if "durations" in note]
    pages = service.stack.client("logs").get_paginator("filter_log_events")
    found = pages.paginate(logGroupName=f"/{service.stack.name}/functions")
    messages = [event["message"] for page in found for event in page["events"]]
    reads = [message for message in messages if "ReadMs" in json.loads(message)]
    assert quantities["log_gb"] * 1e9 <= max(len(message.encode()) + 26 for message in reads)
    requests = {json.loads(message)["request_id"] for message in reads}
    assert not [
        message for message in set(messages) - set(reads) if any(each in message for each in requests)
    ]


def test_at_rest_the_stack_pays_for_what_the_machine_left_out_of_the_template_too(
    counted: dict[str, Any],
) -> None:
    (resting,) = [bill for bill in counted["bills"] if bill["name"] == "a month at rest"]
    quantities = {line["name"]: line["quantity"] for line in resting["lines"]}
    assert quantities["CloudWatch, dashboards"] == 1
    assert quantities["CloudWatch, metrics that alarms watch"] > 10
    assert quantities["CloudWatch, custom metrics"] > 10
    assert quantities["Lambda, invocations"] == 2920


def test_a_month_is_the_sum_of_its_lines_and_says_what_is_left_out(counted: dict[str, Any]) -> None:
    month = counted["bills"][-1]
    assert month["name"] == "a month of 1,000 uploads and 1,000 reads"
    assert month["total"] == pytest.approx(sum(line["dollars"] for line in month["lines"]))
    assert counted["left_out"]


def test_a_table_in_a_pipe_has_no_trailing_blanks(service: Any, counted: dict[str, Any]) -> None:
    printed = CliRunner().invoke(command_line, ["cost", "--state-dir", str(service.state_dir)]).stdout
    assert "1,000,000 × one redirect" in printed
    assert [line for line in printed.splitlines() if line != line.rstrip()] == []
