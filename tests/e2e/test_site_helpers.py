"""A site's backend: it uploads, shows and deletes images with the package's helpers."""

import io
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import httpx
import pytest
from PIL import Image
from service import Service
from waiting import until

from imageservice_operator.operations.stack import Stack
from imageservice_web import ImageLinks
from imageservice_web.reads import ImageReads, NotAvailable
from imageservice_web.uploads import BearerToken, SignedWithIam, UploadRefused, Uploads


@pytest.fixture
def uploads(stack: Stack) -> Uploads:
    assert stack.file is not None
    session = boto3.Session(stack.file.access_key_id, stack.file.secret_access_key)
    return Uploads(stack.outputs["ApiUrl"], SignedWithIam(session, stack.region))


@pytest.fixture
def links(stack: Stack) -> ImageLinks:
    return ImageLinks(stack.outputs["CdnUrl"])


@pytest.mark.parametrize("image_id", ["site/put.jpg", "site/a b é+%20#.jpg"])
def test_an_image_is_put_shown_and_deleted(
    service: Service, uploads: Uploads, links: ImageLinks, samples: Path, image_id: str
) -> None:
    photo = (samples / "landscape-orientation6.jpg").read_bytes()
    text = {"alt": "Bäume, 100 %", "tags": ["a,b"]}
    accepted = uploads.put(image_id, photo, "image/jpeg", text=text)
    assert accepted["status"] == "PROCESSING"
    service.reaches(image_id, "READY")
    assert httpx.get(accepted["metadata"]).json()["text"] == text
    answer = httpx.get(links.image_url(image_id, width=300), follow_redirects=True)
    with Image.open(io.BytesIO(answer.content)) as image:
        assert image.width == 320
    assert uploads.delete(image_id)["status"] == "DELETED"
    link = links.image_url(image_id, width=300)
    until(lambda: httpx.get(link).status_code == 410, lambda: f"{link} is still there")


def test_a_browser_posts_the_form_that_the_backend_asked_for(
    service: Service, uploads: Uploads, samples: Path
) -> None:
    photo = (samples / "trees-small.png").read_bytes()
    form = uploads.form("site/form.png", "image/png")
    posted = httpx.post(form["url"], data=form["fields"], files={"file": ("trees.png", photo, "image/png")})
    assert posted.status_code in (200, 204), posted.text
    service.reaches("site/form.png", "READY")


def test_a_form_brings_the_images_text_and_the_backend_corrects_it(
    service: Service, uploads: Uploads, samples: Path
) -> None:
    image_id = "site/a b é+%20#text.png"
    form = uploads.form(image_id, "image/png", text={"alt": "Bäume", "tags": ["a,b", "ü"]})
    photo = (samples / "trees-small.png").read_bytes()
    posted = httpx.post(form["url"], data=form["fields"], files={"file": ("trees.png", photo, "image/png")})
    assert posted.status_code in (200, 204), posted.text
    service.reaches(image_id, "READY")
    before = httpx.get(form["metadata"])
    assert before.json()["text"] == {"alt": "Bäume", "tags": ["a,b", "ü"]}
    changed = uploads.describe(image_id, {"alt": "Trees", "tags": None}, etag=before.headers["etag"])
    assert changed["text"] == {"alt": "Trees"}
    with pytest.raises(UploadRefused) as refused:
        uploads.describe(image_id, {"alt": "Late"}, etag=before.headers["etag"])
    assert refused.value.status == 412


def test_a_backend_signs_a_link(uploads: Uploads) -> None:
    signed = uploads.link("private/a b.jpg", expires=60, size="w640")
    assert (urlsplit(signed["url"]).path, signed["id"]) == (
        "/signed/images/private/a%20b.jpg",
        "private/a b.jpg",
    )
    with pytest.raises(UploadRefused, match="604800 seconds") as refused:
        uploads.link("private/a b.jpg", expires=10**9)
    assert refused.value.status == 400


def test_a_refusal_is_the_services_own_sentence(uploads: Uploads) -> None:
    with pytest.raises(UploadRefused, match="text/plain") as refused:
        uploads.form("site/a.txt", "text/plain")
    assert refused.value.status in (400, 415)


def test_a_backend_without_permission_is_refused(stack: Stack) -> None:
    stranger = SignedWithIam(boto3.Session("AKIASTRANGER", "none"), stack.region)
    with pytest.raises(UploadRefused) as refused:
        Uploads(stack.outputs["ApiUrl"], stranger).delete("site/put.jpg")
    assert refused.value.status == 403


def test_a_service_that_is_gone_is_named_as_such() -> None:
    gone = Uploads("http://127.0.0.1:9", BearerToken(lambda: "token"))
    with pytest.raises(UploadRefused, match="can't be reached") as refused:
        gone.delete("a.jpg")
    assert refused.value.status == 503


@pytest.mark.parametrize("url", ["", "images.example.com", "ftp://images.example.com"])
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="not an http or https URL"):
        Uploads(url, BearerToken(lambda: ""))


def test_every_link_of_a_srcset_leads_to_a_file(service: Service, links: ImageLinks, samples: Path) -> None:
    image_id = service.upload(samples / "tomatoes-12mp.jpg")
    service.reaches(image_id, "READY")
    for link in (each.rpartition(" ")[0] for each in links.srcset(image_id).split(", ")):
        answer = httpx.get(link, headers={"accept": "image/avif"})
        assert answer.status_code == 302
        assert urlsplit(answer.headers["location"]).path.endswith(".avif")


def test_a_picture_comes_with_its_own_size_and_text(
    service: Service, links: ImageLinks, samples: Path
) -> None:
    image_id = service.upload(samples / "landscape-small.jpg")
    service.reaches(image_id, "READY")
    reads = ImageReads(links)
    hero = reads.picture(
        image_id, alt='A "lake" & trees', priority=True, css_class="hero", inline_style=False
    )
    assert 'alt="A &quot;lake&quot; &amp; trees"' in hero
    assert 'fetchpriority="high"' in hero
    assert "style=" not in hero
    assert reads.upload_state(image_id)["status"] == "READY"
    with pytest.raises(NotAvailable) as missing:
        reads.picture("site/unknown.jpg")
    assert missing.value.status == 404
