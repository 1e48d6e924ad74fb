"""A burst of uploads: none is lost, none is stuck, and each is processed once."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

from PIL import Image
from service import Service

BURST = 50


def small(photo: Path) -> bytes:
    """The photo at a fraction of its size, turned as it was: what a burst tests is how many there are."""
    with Image.open(photo) as original:
        orientation = original.getexif()
        original.thumbnail((150, 150))
        original.save(made := BytesIO(), "JPEG", exif=orientation)
    return made.getvalue()


def test_50_uploads_at_once_all_end_ready(service: Service, samples: Path) -> None:
    photos = [small(samples / f"landscape-orientation{1 + number % 8}.jpg") for number in range(BURST)]
    with ThreadPoolExecutor(BURST) as uploaders:
        ids = list(uploaders.map(service.upload, photos))
    items = service.all_settled(ids)
    assert {item["status"] for item in items} == {"READY"}
    assert {item["revision"] for item in items} == {1}
