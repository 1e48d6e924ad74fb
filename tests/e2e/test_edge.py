"""The service behind its edge: one host name, and redirects that are cached until the image changes, no longer."""

from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from service import Service

CHROME = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"


def edge(service: Service, path: str, accept: str = CHROME, **query: str) -> httpx.Response:
    """What the edge answers, redirects not followed."""
    return httpx.get(service.stack.outputs["CdnUrl"] + path, params=query, headers={"accept": accept})


def location(service: Service, image_id: str, **query: str) -> str:
    answer = edge(service, f"/images/{quote(image_id)}", **query)
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


def test_redirect_and_rendition_come_by_one_host_name(service: Service, samples: Path) -> None:
    image_id = service.upload(samples / "tomatoes-12mp.jpg")
    service.settled(image_id)
    link = location(service, image_id, w="300", dpr="2")
    assert link.startswith(service.stack.outputs["CdnUrl"] + "/renditions/")
    assert link.endswith("/w640.avif")
    rendition = httpx.get(link)
    assert (rendition.status_code, rendition.headers["content-type"]) == (200, "image/avif")
    assert rendition.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_once_a_replacement_is_ready_the_edge_no_longer_gives_the_old_image(
    service: Service, samples: Path
) -> None:
    image_id = service.upload(samples / "landscape-small.jpg")
    service.settled(image_id)
    old = location(service, image_id, size="thumb")
    assert edge(service, f"/images/{image_id}", size="thumb").headers["x-cache"] == "Hit from edge"
    photos = ("gray-16bit.tif", "trees-small.png", "text-11frames.gif")
    for revision, name in enumerate(photos, start=2):
        service.upload(samples / name, image_id)
        item = service.settled(image_id, revision)
        assert item["status"] == "READY"
        new = location(service, image_id, size="thumb")
        assert item["digest"] in new
        assert new != old
        assert edge(service, f"/metadata/{image_id}").json()["revision"] == revision
        old = new


def test_a_page_that_still_has_the_old_link_is_served_for_a_day(service: Service, samples: Path) -> None:
    image_id = service.upload(samples / "trees-small.png")
    service.settled(image_id)
    old = location(service, image_id, size="thumb")
    service.upload(samples / "landscape-small.jpg", image_id)
    service.settled(image_id, 2)
    assert httpx.get(old).status_code == 200


def test_a_deleted_image_is_gone_at_the_edge_with_its_renditions(service: Service, samples: Path) -> None:
    image_id = service.upload(samples / "trees-small.png")
    service.settled(image_id)
    rendition = location(service, image_id, size="thumb")
    assert httpx.get(rendition).status_code == 200
    stack = service.stack
    stack.client("s3").delete_object(Bucket=stack.outputs["SourceBucketName"], Key=image_id)
    service.until(image_id, lambda item: item["status"] == "DELETED")
    removal = stack.client("stepfunctions")
    arn = stack.outputs["RemoveImageArn"]
    service.until(
        image_id,
        lambda _: not removal.list_executions(stateMachineArn=arn, statusFilter="RUNNING")["executions"],
    )
    assert edge(service, f"/images/{image_id}", size="thumb").status_code == 410
    gone = httpx.get(rendition)
    assert (gone.status_code, gone.headers["content-type"]) == (404, "application/problem+json")
    assert gone.headers["cache-control"] == "no-store"


def test_an_image_that_was_asked_for_too_early_is_there_once_it_is_ready(
    service: Service, samples: Path
) -> None:
    image_id = "asked-for/too-early"
    assert edge(service, f"/images/{image_id}").status_code == 404
    service.upload(samples / "trees-small.png", image_id)
    service.settled(image_id)
    assert edge(service, f"/images/{image_id}").status_code == 302


@pytest.mark.parametrize("image_id", ["a b+c%20é/ü.jpg", "100% wool?.png", "q?a=1&b=2#c.gif", "%2F..%25/x"])
def test_behind_the_edge_an_odd_id_is_encoded_once_as_usual(
    service: Service, samples: Path, image_id: str
) -> None:
    image_id = f"edge/{image_id}"
    service.upload(samples / "trees-small.png", image_id)
    service.settled(image_id)
    assert httpx.get(location(service, image_id, size="thumb")).status_code == 200
    described = edge(service, f"/metadata/{quote(image_id)}").json()
    assert described["id"] == image_id
    assert httpx.get(described["url"], follow_redirects=True).status_code == 200


def test_browsers_that_take_the_same_formats_share_what_the_edge_keeps(
    service: Service, samples: Path
) -> None:
    image_id = service.upload(samples / "trees-cutout.png")
    service.settled(image_id)
    path = f"/images/{image_id}"
    edge(service, path, CHROME)
    assert edge(service, path, "image/webp, image/avif").headers["x-cache"] == "Hit from edge"
    other = edge(service, path, "*/*")
    assert other.headers["x-cache"] == "Miss from edge"
    assert other.headers["location"].endswith(".png")


def test_unknown_parameters_do_not_fill_the_edge(service: Service, samples: Path) -> None:
    image_id = service.upload(samples / "trees-small.png")
    service.settled(image_id)
    edge(service, f"/images/{image_id}", size="thumb")
    assert edge(service, f"/images/{image_id}", size="thumb", utm="1").headers["x-cache"] == "Hit from edge"


def test_a_forged_viewer_host_does_not_reach_the_next_reader(service: Service, samples: Path) -> None:
    image_id = service.upload(samples / "trees-small.png")
    service.settled(image_id)
    url = service.stack.outputs["CdnUrl"] + f"/images/{image_id}"
    httpx.get(url, headers={"x-viewer-host": "evil.example"})
    assert "evil" not in httpx.get(url).headers["location"]


def test_every_answer_of_the_edge_says_how_browsers_may_use_it(service: Service, samples: Path) -> None:
    image_id = service.upload(samples / "trees-small.png")
    service.settled(image_id)
    link = location(service, image_id, size="thumb")
    answers = [
        httpx.get(link),
        edge(service, f"/images/{image_id}", size="thumb"),
        edge(service, f"/metadata/{image_id}"),
        edge(service, "/images/is-not-there"),
        httpx.get(link + "x"),
    ]
    assert [answer.status_code for answer in answers] == [200, 302, 200, 404, 404]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert answer.headers["timing-allow-origin"] == "*"
        assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_metadata_are_stored_once_for_all_browsers(service: Service, samples: Path) -> None:
    image_id = service.upload(samples / "trees-small.png")
    service.settled(image_id)
    path = f"/metadata/{image_id}"
    edge(service, path, CHROME)
    again = edge(service, path, "*/*", utm="1")
    assert again.headers["x-cache"] == "Hit from edge"
    assert again.json() == edge(service, path).json()


ORIGIN = {"origin": "https://shop.example"}


@pytest.mark.parametrize("entrance", ["ApiUrl", "CdnUrl"])
def test_pages_of_any_origin_may_ask_with_a_condition(service: Service, entrance: str) -> None:
    """A browser sends If-None-Match to another origin only after a preflight."""
    asking = {"access-control-request-method": "GET", "access-control-request-headers": "if-none-match"}
    url = service.stack.outputs[entrance].rstrip("/") + "/metadata/a.jpg"
    answer = httpx.options(url, headers={**ORIGIN, **asking})
    assert answer.status_code in (200, 204)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "if-none-match" in answer.headers["access-control-allow-headers"].lower()


def test_what_the_edge_kept_for_a_page_of_its_own_origin_others_may_read_too(
    service: Service, samples: Path
) -> None:
    image_id = service.upload(samples / "trees-small.png")
    service.settled(image_id)
    url = f"{service.stack.outputs['CdnUrl']}/metadata/{image_id}"
    httpx.get(url)
    answer = httpx.get(url, headers=ORIGIN)
    assert answer.headers["x-cache"] == "Hit from edge"
    assert answer.headers["access-control-allow-origin"] == "*"


def test_the_api_says_that_accept_matters_to_other_origins_too(service: Service, samples: Path) -> None:
    image_id = service.upload(samples / "trees-small.png")
    service.settled(image_id)
    answer = httpx.get(service.stack.url(f"/images/{image_id}"), headers=ORIGIN)
    assert "accept" in answer.headers["vary"].lower()
    assert answer.headers["access-control-allow-origin"] == "*"
