"""The plan changes; the images below a prefix are made again, stopped halfway, and resumed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from waiting import until

from imageservice_operator.operations import images, reprocess
from imageservice_operator.operations.images import Image

IDS = [f"again/{number:02}.jpg" for number in range(5)]
PLAN = {"sizes": [{"name": "tiny", "width": 64}], "formats": ["webp", "fallback"]}


@dataclass
class Run:
    """What the test saw before, during and after."""

    before: dict[str, Image]
    versions: dict[str, str]
    estimate: dict[str, Any]
    stopped: reprocess.Progress
    listed: dict[str, Any]
    read_meanwhile: set[int]
    resumed: Any
    after: dict[str, Image]


@pytest.fixture(scope="module")
def new_plan(service: Any) -> Iterator[None]:
    with service.other_plan(PLAN):
        yield


@pytest.fixture(scope="module")
def uploaded(service: Any) -> dict[str, Image]:
    return dict(service.settled(service.upload(IDS)))


@pytest.fixture(scope="module")
def run(service: Any, uploaded: dict[str, Image], new_plan: None) -> Run:
    versions = _versions(service)
    (estimate,) = service.images("reprocess", "--prefix", "again/", "--dry-run").lines
    execution = reprocess.start(service.stack, reprocess.Selection("again/"), concurrency=1)
    until(lambda: reprocess.progress(service.stack, execution).done >= 2)
    (said,) = service.images("reprocess", "--stop", execution).lines
    stopped = reprocess.progress(service.stack, execution)
    assert said["status"] == stopped.status
    (listed,) = service.images("executions", "--workflow", "ReprocessImages", "--limit", "1").lines
    url = f"{service.stack.api_url}/metadata/{IDS[-1]}"
    read = {service.get(url) for _ in range(5)}
    resumed = service.images("reprocess", "--resume", execution)
    read |= {service.get(url) for _ in range(5)}
    return Run(
        uploaded, versions, estimate, stopped, listed, read, resumed, images.get_many(service.stack, IDS)
    )


def _versions(service: Any) -> dict[str, str]:
    listed = service.stack.client("s3").list_object_versions(
        Bucket=service.stack.source_bucket, Prefix="again/"
    )
    return {version["Key"]: version["VersionId"] for version in listed["Versions"]}


def test_dry_run_counts_what_the_new_plan_changes(run: Run) -> None:
    assert run.estimate["decisions"] == {"PROCESS": len(IDS)}
    assert run.estimate["dollars"] > 0


def test_a_run_can_be_stopped_half_way(run: Run) -> None:
    assert run.stopped.status == "ABORTED"
    assert run.stopped.counts["succeeded"] < len(IDS)


def test_a_run_is_listed_with_its_progress_and_the_originals_that_were_stopped(run: Run) -> None:
    assert (run.listed["machine"], run.listed["status"]) == ("ReprocessImages", "ABORTED")
    assert run.listed["map_run"]["counts"]["total"] > 0
    assert {item["error"] for item in run.listed["failed_items"]} <= {
        "Stopped",
        "States.TaskFailed",
        "Aborted",
    }
    assert {item["image_id"] for item in run.listed["failed_items"]} <= set(IDS)


def test_a_stopped_run_is_resumed_to_its_end(run: Run) -> None:
    assert run.resumed.code == 0
    assert {image.status for image in run.after.values()} == {"READY"}


def test_every_image_has_the_new_plans_renditions(run: Run) -> None:
    made = {
        tuple((each["size"], each["format"]) for each in image.renditions) for image in run.after.values()
    }
    assert made == {(("tiny", "webp"), ("tiny", "jpeg"))}


def test_no_image_is_recorded_twice(run: Run) -> None:
    assert {image.revision for image in run.after.values()} == {2}


def test_originals_are_not_touched(service: Any, run: Run) -> None:
    assert _versions(service) == run.versions


def test_readers_are_served_throughout(run: Run) -> None:
    assert run.read_meanwhile == {200}


def test_replaced_renditions_are_still_there_and_will_expire(service: Any, run: Run) -> None:
    key = run.before[IDS[0]].renditions[0]["key"]
    tags = service.stack.client("s3").get_object_tagging(Bucket=service.stack.processed_bucket, Key=key)
    assert tags["TagSet"] == [{"Key": "retired", "Value": "true"}]


def test_started_again_it_leaves_everything_alone(service: Any, run: Run) -> None:
    (ended,) = service.images("reprocess", "--prefix", "again/", "--yes").lines
    report = _report(service, ended["report"])
    assert [(line["key"], line["decision"]) for line in report] == [
        (image_id, "UP_TO_DATE") for image_id in IDS
    ]
    assert {image.revision for image in images.get_many(service.stack, IDS).values()} == {2}


def test_the_rule_that_applies_to_an_image_is_shown_with_its_state(service: Any, run: Run) -> None:
    (shown,) = service.images("plan", "show", IDS[0]).lines
    assert (shown["prefix"], shown["sizes"], shown["decision"]) == ("", ["tiny"], "UP_TO_DATE")
    (live,) = service.images("plan", "show").lines
    assert live["widths"] == "64"


def test_what_failed_can_be_chosen_alone(service: Any, run: Run) -> None:
    (estimate,) = service.images("reprocess", "--prefix", "again/", "--failed", "--dry-run").lines
    assert estimate["decisions"] == {"NOT_ASKED_FOR": len(IDS)}


def test_one_image_can_be_named(service: Any, run: Run) -> None:
    ended = service.images("reprocess", IDS[0], "--force")
    assert ended.lines[0]["result"].startswith("arn:")
    until(lambda: images.get(service.stack, IDS[0]).execution == ended.lines[0]["result"])
    until(lambda: service.statuses(IDS[:1]) == {IDS[0]: "READY"})


def _report(service: Any, address: str) -> list[dict[str, Any]]:
    """The lines of the files that a manifest names."""
    client = service.stack.client("s3")
    bucket, _, key = address.removeprefix("s3://").partition("/")
    manifest = json.loads(client.get_object(Bucket=bucket, Key=key)["Body"].read())
    files = [file["Key"] for file in manifest["ResultFiles"]["SUCCEEDED"]]
    texts = [client.get_object(Bucket=bucket, Key=file)["Body"].read().decode() for file in files]
    return sorted(
        (json.loads(line) for text in texts for line in text.splitlines()), key=lambda line: line["key"]
    )
