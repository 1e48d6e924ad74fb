"""A run of ReprocessImages purges the edge once for all its images, however it ends; uploads purge for themselves."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from waiting import HANG_S, until

from imageservice.core.keys import cache_tag, run_tag
from imageservice_operator.operations import executions, images, reprocess, uploads
from imageservice_operator.operations.executions import RUNNING

WHOLE = [f"purge/whole/{number}.jpg" for number in range(3)]
HALF = [f"purge/half/{number}.jpg" for number in range(4)]
BESIDE = "purge/beside.jpg"
PLAN = {"sizes": [{"name": "small", "width": 48}], "formats": ["webp", "fallback"]}


class Edge:
    """The edge of the stack, and the purges that it was sent."""

    def __init__(self, service: Any) -> None:
        self._stack = service.stack

    def ask(self, image_id: str) -> httpx.Response:
        return httpx.get(f"{self._stack.outputs['CdnUrl']}/images/{image_id}", timeout=HANG_S)

    def is_current(self, image_id: str) -> bool:
        """Whether the edge redirects to a rendition that is on record now."""
        digest = images.get(self._stack, image_id).item["digest"]
        return digest in self.ask(image_id).headers["location"]

    def purges(self) -> Counter[str]:
        """How often each item was invalidated."""
        client, distribution = self._stack.client("cloudfront"), self._stack.outputs["DistributionId"]
        listed = client.list_invalidations(DistributionId=distribution)["InvalidationList"].get("Items", [])
        found = [client.get_invalidation(DistributionId=distribution, Id=each["Id"]) for each in listed]
        return Counter(
            item for each in found for item in each["Invalidation"]["InvalidationBatch"]["Paths"]["Items"]
        )


@dataclass
class Story:
    """A run that was stopped, with the images that it had made; a run that came to its end; an upload during one."""

    stopped: str
    made: list[str]
    stale_when_stopped: list[str]
    purges_of_whole: Counter[str]
    whole: Any
    current_once_ready: bool
    purges_of_upload: Counter[str]


@pytest.fixture(scope="module")
def edge(service: Any) -> Edge:
    return Edge(service)


@pytest.fixture(scope="module")
def story(service: Any, edge: Edge, photo: Callable[..., bytes]) -> Iterator[Story]:
    service.settled(service.upload([*WHOLE, *HALF, BESIDE]))
    for image_id in [*WHOLE, *HALF, BESIDE]:
        edge.ask(image_id)
    with service.other_plan(PLAN):
        stopped = reprocess.start(service.stack, reprocess.Selection("purge/half/"), concurrency=1)
        until(lambda: reprocess.progress(service.stack, stopped).done >= 2)
        reprocess.stop(service.stack, stopped)
        made = [each for each in HALF if images.get(service.stack, each).status == "READY"]
        made = [each for each in made if images.get(service.stack, each).revision == 2]
        stale = [each for each in made if not edge.is_current(each)]

        before = edge.purges()
        whole = service.images("reprocess", "--prefix", "purge/whole/", "--yes")
        by_whole = edge.purges() - before

        before = edge.purges()
        again = reprocess.start(service.stack, reprocess.Selection("purge/whole/", force=True), concurrency=1)
        service.settled([uploads.upload(service.stack, io.BytesIO(photo(99)), BESIDE)])
        current = edge.is_current(BESIDE)
        by_upload = edge.purges() - before
        until(lambda: executions.describe(service.stack, again).status != RUNNING)
        yield Story(stopped, made, stale, by_whole, whole, current, by_upload)


def test_a_run_that_succeeded_purged_once_for_all_its_images(story: Story) -> None:
    assert story.whole.code == 0
    assert story.purges_of_whole == {f"#{run_tag('purge/whole/')}": 1}


def test_after_the_end_of_a_run_the_edge_has_the_new_images(edge: Edge, story: Story) -> None:
    assert [edge.is_current(image_id) for image_id in WHOLE] == [True] * len(WHOLE)


def test_an_upload_during_a_run_is_purged_before_it_is_ready(story: Story) -> None:
    assert story.current_once_ready
    assert story.purges_of_upload[f"#{cache_tag(BESIDE)}"] == 1


def test_a_stopped_run_is_purged_too_and_what_it_made_is_at_the_edge(
    service: Any, edge: Edge, story: Story
) -> None:
    assert story.made
    assert story.stale_when_stopped == story.made  # or the test would show nothing
    tag = f"#{run_tag('purge/half/')}"
    until(lambda: edge.purges()[tag], "no purge of the stopped run")
    assert [edge.is_current(image_id) for image_id in story.made] == [True] * len(story.made)


def test_a_resumed_run_purges_again_at_its_end(service: Any, edge: Edge, story: Story) -> None:
    tag = f"#{run_tag('purge/half/')}"
    with service.other_plan(PLAN):
        resumed = service.images("reprocess", "--resume", story.stopped)
    assert resumed.code == 0
    assert edge.purges()[tag] == 2
    assert [edge.is_current(image_id) for image_id in HALF] == [True] * len(HALF)


def test_an_image_of_a_run_purges_for_itself_when_it_is_redriven(
    service: Any, edge: Edge, story: Story
) -> None:
    """Its run may have ended and purged before."""
    client = service.stack.client("stepfunctions")
    tag = f"#{cache_tag(BESIDE)}"
    before = edge.purges()[tag]
    for redriven in (False, True):
        width = 52 if redriven else 50
        with service.other_plan({**PLAN, "sizes": [{"name": "small", "width": width}]}):
            (original,) = reprocess.select(service.stack, [{"key": BESIDE}])
            event = original["event"]
            event["detail"]["run"] = story.stopped
            execution = client.start_execution(
                stateMachineArn=service.stack.machine_arn("ProcessImage"), input=json.dumps(event)
            )["executionArn"]
            if redriven:
                until(lambda arn=execution: service.entered(arn, "Register upload"))
                client.stop_execution(executionArn=execution)
                client.redrive_execution(executionArn=execution)
            until(lambda arn=execution: executions.describe(service.stack, arn).status == "SUCCEEDED")
        assert edge.purges()[tag] - before == redriven
