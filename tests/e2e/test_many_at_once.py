"""A burst of uploads: none is lost, none is stuck, and each is processed once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

BURST = 50


def test_50_uploads_at_once_all_end_ready(service: Any, samples: Path) -> None:
    photos = [samples / f"landscape-orientation{1 + number % 8}.jpg" for number in range(BURST)]
    with ThreadPoolExecutor(BURST) as uploaders:
        ids = list(uploaders.map(service.upload, photos))
        items = list(uploaders.map(service.settled, ids))
    assert {item["status"] for item in items} == {"READY"}
    assert {item["revision"] for item in items} == {1}
