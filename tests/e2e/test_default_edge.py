"""The edge of a default deployment: the reader learns its name from requests, and believes only the edge itself."""

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from service import Service
from waiting import until

from local import background
from local.ports import LOOPBACK


@pytest.fixture(scope="module")
def edge() -> str:
    """The address at which the edge will listen."""
    with socket.create_server((LOOPBACK, 0)) as free:
        return f"http://{LOOPBACK}:{free.getsockname()[1]}"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, edge: str) -> Iterator[Service]:
    port = edge.rpartition(":")[2]
    options = (f"--edge-port={port}", "--parameter", "CdnUrl=", "--cache", "none")
    with background.started(tmp_path_factory.mktemp("edge"), *options) as started:
        yield Service(started)


@pytest.fixture(scope="module")
def image_id(service: Service, samples: Path) -> str:
    item = service.settled(service.upload(samples / "landscape-small.jpg"))
    assert item["status"] == "READY"
    return str(item["id"])


def test_links_name_the_host_that_the_edge_was_reached_at(edge: str, image_id: str) -> None:
    answer = httpx.get(f"{edge}/images/{image_id}?size=thumb")
    assert answer.headers["location"].startswith(edge.replace("http:", "https:") + "/renditions/")
    rendition = answer.headers["location"].replace("https:", "http:")
    assert httpx.get(rendition).headers["content-type"] == "image/jpeg"


def test_the_edge_keeps_an_answer_that_came_soon(edge: str, image_id: str) -> None:
    def is_kept() -> bool:
        answer = httpx.get(f"{edge}/images/{image_id}?size=thumb")
        return answer.headers["x-cache"] == "Hit from edge"

    assert until(is_kept, lambda: "no answer within 250 ms")


def test_a_read_at_the_api_itself_gets_links_at_the_distribution(service: Service, image_id: str) -> None:
    """The distribution's own name: no parameter has it, and no request has told it."""
    distribution = service.stack.outputs["CdnUrl"]
    answer = httpx.get(service.stack.url(f"/images/{image_id}?size=thumb"))
    assert answer.headers["location"].startswith(f"{distribution}/renditions/{image_id}/")
    assert answer.headers["cache-control"].startswith("private,")
    content = httpx.get(service.stack.url(f"/metadata/{image_id}")).json()
    assert content["url"] == f"{distribution}/images/{image_id}"
    assert distribution in content["srcset"]["avif"]


@pytest.mark.parametrize("secret", ["", "guessed"])
def test_a_forged_viewer_host_at_the_api_itself_changes_nothing(
    service: Service, image_id: str, secret: str
) -> None:
    forged = {"x-viewer-host": "evil.example", "x-edge-secret": secret}
    answer = httpx.get(service.stack.url(f"/images/{image_id}"), headers=forged)
    assert "evil" not in answer.headers["location"]
    assert answer.headers["cache-control"].startswith("private,")


def test_a_viewer_can_not_break_the_edges_proof(edge: str, image_id: str) -> None:
    answer = httpx.get(f"{edge}/images/{image_id}?size=w320", headers={"x-edge-secret": "guessed"})
    assert answer.headers["location"].startswith(edge.replace("http:", "https:"))
