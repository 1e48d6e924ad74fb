"""From an image's id to the failing call: what the functions log, as CloudWatch Logs has it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from service import Service
from waiting import until

from imageservice_operator.operations.stack import Stack

Line = dict[str, Any]


def lines(stack: Stack) -> Iterator[Line]:
    """Every line of the functions' log group. A line that is not JSON fails the test."""
    pages = stack.client("logs").get_paginator("filter_log_events")
    for page in pages.paginate(logGroupName=f"/{stack.name}/functions"):
        for event in page["events"]:
            yield json.loads(event["message"])


def lines_of(stack: Stack, image_id: str) -> list[Line]:
    return [line for line in lines(stack) if line.get("image_id") == image_id]


def test_every_line_is_json_and_leads_from_the_image_to_its_requests(service: Service, samples: Path) -> None:
    image_id = service.upload(samples / "landscape-orientation6.jpg")
    item = service.reaches(image_id, "READY")
    of_image = lines_of(service.stack, image_id)
    assert {line["execution"] for line in of_image} == {item["execution"]}
    assert {line["size"] for line in of_image if line["message"] == "resized"} >= {"thumb", "w320", "w640"}
    reports = {
        line["record"]["requestId"]: line["record"]
        for line in lines(service.stack)
        if line.get("type") == "platform.report"
    }
    for line in of_image:
        report = reports[line["function_request_id"]]
        assert report["status"] == "success"
        metrics = report["metrics"]
        assert metrics["billedDurationMs"] >= metrics["durationMs"] > 0
        assert 0 < metrics["maxMemoryUsedMB"] <= metrics["memorySizeMB"]


def test_a_rejection_is_no_error(service: Service, samples: Path) -> None:
    image_id = service.upload(samples / "broken-header.jpg")
    service.reaches(image_id, "REJECTED")
    [line] = until(lambda: lines_of(service.stack, image_id))
    assert (line["level"], line["message"]) == ("INFO", "rejected")
    assert line["reason"]
