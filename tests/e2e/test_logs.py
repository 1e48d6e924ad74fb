"""From an image's id to the failing call: what the functions log, as CloudWatch Logs has it."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
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


def test_the_libraries_say_nothing_of_each_start(service: Service, samples: Path) -> None:
    service.reaches(service.upload(samples / "landscape-orientation6.jpg"), "READY")
    said = [line["message"] for line in lines(service.stack) if line.get("logger", "").startswith("boto")]
    assert said == []


def photo_without_its_end() -> bytes:
    """Its header is right, so the inspection accepts it; its pixels are cut off."""
    file = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(file, "PNG")
    return file.getvalue()[:-200]


@pytest.mark.parametrize(
    ("content", "found_by"),
    [(b"This is no photo.", "InspectOriginal"), (photo_without_its_end(), "Resize")],
    ids=["its header", "its pixels"],
)
def test_a_rejection_is_no_error_of_a_function(service: Service, content: bytes, found_by: str) -> None:
    image_id = service.upload(content)
    item = service.reaches(image_id, "REJECTED")
    assert service.ended(item["execution"]) == "FAILED"
    of_image = lines_of(service.stack, image_id)
    rejected = [line for line in of_image if line["message"] == "rejected"]
    assert all(found_by in line["function_name"] for line in rejected)
    assert {line["reason"] for line in rejected} == {item["error"]["cause"]}
    requests = {line["function_request_id"] for line in of_image}

    def reported() -> list[Line] | None:
        """All lines of the image's requests, those of Lambda's runtime included, once Lambda has reported each."""
        found = [line for line in lines(service.stack) if any(each in json.dumps(line) for each in requests)]
        reports = [line for line in found if line.get("type") == "platform.report"]
        return found if len(reports) == len(requests) else None

    of_requests = until(reported)
    assert {line["level"] for line in of_requests if "level" in line} == {"INFO"}
    reports = [line["record"] for line in of_requests if line.get("type") == "platform.report"]
    assert {report["status"] for report in reports} == {"success"}
    kinds = {event["type"] for event in service.history(item["execution"])}
    assert not {kind for kind in kinds if kind.endswith("Failed")} - {"ExecutionFailed"}
