"""Hundreds of uploads, of which the stack may make four sizes at a time: each ends as it must, while readers read.

A quarter of them are broken, or change while they wait. BULK_UPLOADS makes more of them; `./scripts/bench bulk --live`
does the same with photos, and measures it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from dev.benchmarks.bulk_live import bulk
from dev.benchmarks.bulk_mix import MIXED, mixed
from dev.benchmarks.local_stack import started

UPLOADS = int(os.environ.get("BULK_UPLOADS", "500"))
CONCURRENCY = 4


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Small ones: what a bulk upload tests is how many there are."""
    made = [tmp_path / f"{color}.jpg" for color in ("red", "green", "blue")]
    for photo in made:
        Image.new("RGB", (240, 180), photo.stem).save(photo)
    return made


@pytest.mark.timeout(0)
def test_a_bulk_upload_at_a_small_concurrency_ends_as_it_must_and_takes_no_transition_more(
    tmp_path: Path, photos: list[Path]
) -> None:
    with started(tmp_path / "stack", f"--parameter=ResizeConcurrency={CONCURRENCY}") as (stack, pid):
        report = bulk(stack, pid, mixed(UPLOADS, dict.fromkeys(MIXED, 5), photos), photos)
    print(report.text())
    assert report.wrong == []
    assert {each.retries for each in report.runs} == {0}
    assert all(len(reads.seconds) > UPLOADS / 10 for reads in report.watched.reads.values())
