"""Private images on a whole stack: the API, the edge and the command line; and images that become private."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from click.testing import CliRunner
from service import Service
from waiting import HANG_S, until

from imageservice.core.keys import cache_tag, digest_of
from imageservice_operator.cli.__main__ import images as command_line
from imageservice_operator.operations import links, prices, reprocess
from local import background

SIZES = {
    "formats": ["webp", "fallback"],
    "sizes": [{"name": "w64", "width": 64}, {"name": "w120", "width": 120}],
}
PLAN = {"default": SIZES, "rules": [{"prefix": "in voices/", "access": "private"}]}
ID = "in voices/50% é+1.jpg"
A_PURGE = prices.usd("invalidation_path")


@pytest.fixture(scope="module")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("private")


@pytest.fixture(scope="module")
def service(state_dir: Path) -> Iterator[Service]:
    options = (f"--parameter=RenditionPlan={json.dumps(PLAN)}", "--parameter=RenditionWidths=64,120")
    with background.started(state_dir, *options) as started:
        yield Service(started)


@pytest.fixture(scope="module")
def image(service: Service) -> str:
    samples = Path(__file__).parents[1] / "samples"
    assert service.settled(service.upload(samples / "landscape-orientation6.jpg", ID))["status"] == "READY"
    return ID


def get(url: str, **headers: str) -> httpx.Response:
    return httpx.get(url, headers=headers, timeout=HANG_S)


def signed(service: Service, image_id: str, seconds: float = 600, **choice: str | bool) -> links.Link:
    return links.sign(service.stack, image_id, seconds, choice)


def detail(answer: httpx.Response) -> str:
    return str(answer.json()["detail"])


def test_without_a_link_nothing_is_readable_and_nothing_says_whether_it_exists(
    service: Service, image: str
) -> None:
    for path in ("images", "metadata", "uploads"):
        there, missing = (
            get(service.stack.public_url + f"/{path}/{httpx.URL('/' + each).raw_path.decode()[1:]}")
            for each in ("in voices/50%25 é+1.jpg", "in voices/none")
        )
        assert (there.status_code, there.json()) == (403, missing.json())
        assert there.headers["cache-control"] == "no-store"


def test_a_link_leads_to_the_rendition_at_the_edge_and_at_the_api(service: Service, image: str) -> None:
    link = signed(service, image, size="w64", format="webp").url
    redirect = get(link)
    assert (redirect.status_code, redirect.headers["cache-control"]) == (302, "private, no-store")
    found = get(redirect.headers["location"])
    assert (found.status_code, found.headers["content-type"]) == (200, "image/webp")
    assert found.headers["cache-control"].startswith("private")
    assert get(redirect.headers["location"], **{"if-none-match": found.headers["etag"]}).status_code == 304
    assert httpx.head(redirect.headers["location"], timeout=HANG_S).status_code == 200
    # The API itself decodes a path twice.
    path = link.removeprefix(service.stack.public_url).replace("%", "%25", link.partition("?")[0].count("%"))
    assert get(service.stack.api_url + path).status_code == 302


def test_a_signed_download_has_the_name_that_people_know_and_no_other(service: Service, image: str) -> None:
    link = signed(service, image, size="w64", format="webp", download=True).url
    location = get(link).headers["location"]
    found = get(location)
    assert found.status_code == 200
    name = image.rpartition("/")[2].rpartition(".")[0] + ".webp"
    assert found.headers["content-disposition"].endswith(f"filename*=UTF-8''{quote(name, safe='')}")
    assert found.headers["cache-control"].startswith("private")
    bare, _, query = location.partition("?")
    assert get(f"{bare}?{query.replace('name=', 'name=x')}").status_code == 403
    assert get(f"{bare}?{query.partition('&')[2]}").status_code == 403
    assert get(location.replace("/signed/downloads/", "/signed/renditions/")).status_code == 403
    assert get(location.replace("/signed/downloads/", "/downloads/")).status_code in (403, 404)


def test_after_a_valid_fetch_the_edge_still_asks_for_a_signature(service: Service, image: str) -> None:
    location = get(signed(service, image).url).headers["location"]
    assert get(location).status_code == 200
    bare, _, query = location.partition("?")
    assert get(bare).status_code == 403
    assert get(f"{bare}?{query.replace('Signature=', 'Signature=A')}").status_code == 403
    assert get(f"{bare.replace('w120', 'w64')}?{query}").status_code == 403
    for path in (
        bare,
        bare.replace("/p", "/%70"),
        bare.replace("/signed/renditions", "/%73igned/renditions"),
    ):
        public = path.replace("/signed/renditions/", "/renditions/")
        assert get(public).status_code in (403, 404), public
        assert get(f"{public}?{query}").status_code in (403, 404), public


def test_a_link_for_one_size_is_for_no_other_and_for_no_other_image(service: Service, image: str) -> None:
    link = signed(service, image, size="w64").url
    for changed in (
        link.replace("size=w64", "size=w120"),
        link.replace("size=w64", "size=w64&size=w120"),
        link.replace("size=w64&", ""),
        link + "&format=webp",
        link.replace("%2B1.jpg", "%2B2.jpg"),
        link.replace("in%20voices/", "in%20voices//"),
        link.replace("/signed/images/", "/signed/metadata/"),
        link.replace("/signed/images/", "/images/"),
    ):
        assert changed != link
        assert get(changed).status_code == 403, changed


def test_an_expired_link_says_so(service: Service, image: str) -> None:
    link = signed(service, image, 1)
    until(lambda: get(link.url).status_code == 403, lambda: "the link expires")
    assert detail(get(link.url)).startswith("The link has expired: it was valid until ")


def test_the_metadata_have_signed_links_that_work(service: Service, image: str) -> None:
    content = get(signed(service, image).metadata).json()
    assert content["id"] == image
    for link in [content["url"], *(each["url"] for each in content["renditions"])]:
        assert httpx.get(link, timeout=HANG_S, follow_redirects=True).status_code == 200, link


def test_an_image_that_becomes_private_and_public_again_is_never_at_its_old_addresses(
    service: Service, samples: Path
) -> None:
    stack = service.stack
    image_id = service.upload(samples / "landscape-orientation6.jpg", "later/1.jpg")
    service.settled(image_id)
    public = stack.image_url(image_id)
    old = get(public).headers["location"]
    download = old.replace("/renditions/", "/downloads/") + "?name=1.jpg"
    assert {get(each).status_code for each in (old, download)} == {200}  # all are now in the edge's cache

    private = {**PLAN, "rules": [*PLAN["rules"], {"prefix": "later/", "access": "private"}]}
    made_by(service, private, image_id)
    assert get(public).status_code == 403
    assert {get(each).status_code for each in (old, download)} <= {403, 404}
    location = get(signed(service, image_id).url).headers["location"]
    assert get(location).status_code == 200

    link = signed(service, image_id).url
    made_by(service, PLAN, image_id)
    assert get(get(public).headers["location"]).status_code == 200
    assert get(get(link).headers["location"]).status_code == 200  # links work until they expire
    assert get(location.partition("?")[0].replace("/signed/", "/")).status_code in (403, 404)
    assert get(location.partition("?")[0]).status_code == 403


def test_a_public_file_that_is_left_over_of_a_private_image_is_deleted_at_once_and_purged(
    service: Service, state_dir: Path, image: str
) -> None:
    """As an execution leaves it that was stopped late; also if it is to expire."""
    client, bucket = service.stack.client("s3"), service.stack.processed_bucket
    keys = [f"{image}/{digit * 16}/w64.webp" for digit in "01"]
    tag = {"cache-tag": cache_tag(image)}
    for key, tagging in zip(keys, ("", "retired=true"), strict=True):
        client.put_object(Bucket=bucket, Key=key, Body=b"x", Metadata=tag, Tagging=tagging)
    urls = [f"{service.stack.public_url}/renditions/{quote(key)}" for key in keys]
    assert [get(url).status_code for url in urls] == [200, 200]
    search = ("reconcile", "--storage", "--prefix", image, "--older-than", "0")
    _, *shown = command(state_dir, *search, "--dry-run")
    assert [(each["key"], each["exposed"]) for each in shown] == [(key, True) for key in keys]
    assert [get(url).status_code for url in urls] == [200, 200]
    command(state_dir, *search)
    assert 200 not in {get(url).status_code for url in urls}
    stored = client.list_objects_v2(Bucket=bucket, Prefix=f"{image}/")["Contents"]
    assert {digest_of(each["Key"])[0] for each in stored} == {"p"}
    assert get(get(signed(service, image).url).headers["location"]).status_code == 200


def made_by(service: Service, plan: dict[str, Any], image_id: str) -> None:
    """The image is made by this plan, as a canary is; the deployment keeps its own."""
    revision = service.item(image_id)["revision"]
    (standing,) = reprocess.select(service.stack, [{"key": image_id}], plan=json.dumps(plan))
    assert standing["decision"] == "PROCESS"
    service.stack.client("stepfunctions").start_execution(
        stateMachineArn=service.stack.machine_arn("ProcessImage"), input=json.dumps(standing["event"])
    )
    until(
        lambda: (item := service.item(image_id))["revision"] > revision and item["status"] == "READY",
        lambda: f"{image_id} is made again",
    )


def test_an_operator_finds_who_asked_for_which_link(service: Service, state_dir: Path, image: str) -> None:
    signed(service, image, 61, size="w64")

    def asked() -> list[Any]:
        _, *found = command(state_dir, "audit", "--links", "--image", image, "--since", "1h")
        return [each for each in found if each["seconds"] == 61]

    (line,) = until(asked, lambda: "the link is logged")
    assert (line["who"], line["status"]) == (f"{service.stack.caller} (command line)", 201)
    assert (line["image_id"], line["rendition"]) == (image, {"size": "w64"})
    assert command(state_dir, "audit", "--links", "--image", "none", "--since", "1h") == [0]


def test_the_logs_have_no_signature(service: Service, image: str) -> None:
    link = signed(service, image).url
    get(link)
    signature = httpx.URL(link).params["signature"]
    logs = service.stack.client("logs")
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    begin = int((time.time() - 600) * 1000)

    def texts() -> list[str]:
        return [
            event["message"]
            for group in groups
            for event in logs.filter_log_events(logGroupName=group, startTime=begin)["events"]
        ]

    until(lambda: any("/signed/images/" in text for text in texts()), lambda: "the read is logged")
    assert not [text for text in texts() if signature in text or "signature=" in text]


def test_a_run_makes_images_private_and_names_the_one_that_stays_public_which_can_be_hidden(
    service: Service, state_dir: Path, samples: Path, image: str
) -> None:
    """Each image was replaced before; the last one by an upload that is no image. Links to private images survive."""
    ids = ["run/1.jpg", "run/2.jpg", "run/rejected.jpg"]
    photos = [samples / "landscape-orientation6.jpg", samples / "trees-alpha.png"]
    old: dict[str, list[str]] = {image_id: [] for image_id in ids}
    for image_id in ids:
        revision = 0
        for photo in [*photos[:1], *(photos[1:] if image_id != ids[-1] else [])]:
            revision = service.settled(service.upload(photo, image_id), revision + 1)["revision"]
            old[image_id].append(get(service.stack.image_url(image_id)).headers["location"])
            assert get(old[image_id][-1]).status_code == 200
    service.upload(b"no image", ids[-1])
    service.reaches(ids[-1], "REJECTED")
    links = [signed(service, image).url, signed(service, image, size="w64").url]
    before = [get(link).headers["location"].partition("?")[0] for link in links]

    rules = [
        {**SIZES, "prefix": "in voices/", "access": "private", "quality": {"webp": 40}},
        {"prefix": "run/", "access": "private"},
    ]
    plan = state_dir / "plan.json"
    plan.write_text(json.dumps({**PLAN, "rules": rules}))
    # The canary is the other private image: the run makes these.
    code, effect, *_, done = command(
        state_dir, "plan", "apply", str(plan), "--yes", "--canary", "in voices/", "--sample", "1"
    )
    assert (code, done["stage"], done["still_public"]) == (1, "DONE", ids[-1:])
    assert effect["dollars"]["total"] > len(ids[:-1]) * A_PURGE
    search = ("plan", "exposed", "--prefix", "run/")
    code, found = command(state_dir, *search)
    assert (code, found["id"], found["status"], found["hidden"]) == (1, ids[-1], "REJECTED", False)
    link = signed(service, ids[-1]).url
    assert get(get(link).headers["location"]).status_code == 200  # Redis has it
    code, found = command(state_dir, *search, "--hide")
    assert (code, found["id"], found["hidden"]) == (0, ids[-1], True)
    assert command(state_dir, *search) == [0]
    assert service.item(ids[-1])["status"] == "REJECTED"  # type: ignore[index]  # it has an item

    for image_id in ids:
        assert {get(each).status_code for each in old[image_id]} <= {403, 404}
        assert get(get(signed(service, image_id).url).headers["location"]).status_code == 200
    after = [get(link).headers["location"] for link in links]
    assert {get(each).status_code for each in after} == {200}
    assert not {each.partition("?")[0] for each in after} & set(before)


def command(state_dir: Path, *arguments: str) -> list[Any]:
    """Runs the command line; its exit code, and its answers."""
    done = CliRunner().invoke(command_line, [*arguments, "--json", "--state-dir", str(state_dir)])
    print(done.stderr)  # shown if the test fails
    return [done.exit_code, *map(json.loads, done.stdout.splitlines())]
