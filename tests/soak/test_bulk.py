"""Five hundred uploads at once, of which the stack may make four sizes at a time: all READY, while readers read.

BULK_UPLOADS makes more of them.
"""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path

import httpx
import pytest
from PIL import Image
from waiting import HANG_S

from imageservice_operator.operations import executions, uploads, usage
from imageservice_operator.operations.stack import Stack
from local import background

UPLOADS = int(os.environ.get("BULK_UPLOADS", "500"))
CONCURRENCY = 4


def photo(number: int) -> io.BytesIO:
    """A small JPEG, different for each number."""
    out = io.BytesIO()
    Image.new("RGB", (240, 180), (number % 256, number // 256, 120)).save(out, "JPEG")
    out.seek(0)
    return out


@pytest.mark.timeout(0)
def test_a_bulk_upload_at_a_small_concurrency_ends_ready_and_takes_no_transition_more(tmp_path: Path) -> None:
    with background.started(tmp_path, f"--parameter=ResizeConcurrency={CONCURRENCY}") as stack:
        ((_, alone),) = uploads.wait_until_settled(
            stack, [uploads.upload(stack, photo(0), "bulk/alone.jpg")], timeout=HANG_S
        )
        assert alone is not None
        read: list[int] = []
        over = threading.Event()

        def reader() -> None:
            while not over.wait(0.05):
                read.append(httpx.get(stack.image_url("bulk/alone.jpg"), timeout=HANG_S).status_code)

        reading = threading.Thread(target=reader)
        reading.start()
        sent = [uploads.upload(stack, photo(number), f"bulk/{number}.jpg") for number in range(UPLOADS)]
        found = [image for _, image in uploads.wait_until_settled(stack, sent, timeout=UPLOADS * HANG_S)]
        over.set()
        reading.join()
        assert {image.status if image else None for image in found} == {"READY"}
        assert len(read) > UPLOADS / 10
        assert set(read) == {302}
        normal = transitions(stack, alone.execution)
        more = sum(transitions(stack, image.execution) - normal for image in found if image)
        print(f"{UPLOADS} uploads, {more:.0f} transitions more, {len(read)} reads")
        assert more == 0


def transitions(stack: Stack, execution: str | None) -> float:
    assert execution
    return usage.of_history(executions.history(stack, execution))["state_transition"]
