"""Hostile files are refused by their headers: frames and parts beyond what an image needs, in little time."""

import struct
import time
from io import BytesIO
from pathlib import Path

import pytest
from engine_scenes import chunk, encoded, exif, scene
from PIL import Image

from imageservice.core.errors import ImageRejected
from imageservice.core.limits import Limits
from imageservice.core.rendition_plan import Target
from imageservice.engine.containers.bounded_file import BoundedFile, decoding
from imageservice.engine.inspection import inspect
from imageservice.engine.render import render


def refusal(data: bytes) -> str:
    """Why an inspection refuses the file, which takes less than two seconds of CPU."""
    began = time.thread_time()
    with pytest.raises(ImageRejected) as caught:
        inspect(BytesIO(data), len(data), Limits())
    assert time.thread_time() - began < 2
    return str(caught.value)


def test_an_apng_frame_larger_than_its_canvas_is_refused(samples: Path) -> None:
    assert refusal((samples / "cases/apng-frame-65535.png").read_bytes()) == (
        "The PNG is damaged: a frame is not within its canvas."
    )


def test_a_gif_frame_of_hundreds_of_megapixels_is_refused(samples: Path) -> None:
    assert "900 megapixels" in refusal((samples / "cases/gif-2nd-frame-30000-filled.gif").read_bytes())


def test_the_frames_of_a_gif_count_at_their_own_size() -> None:
    small = encoded(Image.new("P", (10, 10)), "GIF")
    start = small.index(b",")
    large = small[start : start + 5] + struct.pack("<HH", 9_000, 9_000) + small[start + 9 : -1]
    assert "megapixels in all frames" in refusal(small[:-1] + large * 3 + b";")


def test_two_frames_of_a_hundred_megapixels_are_refused() -> None:
    frame = encoded(Image.new("P", (9_999, 9_999)), "GIF")
    start = frame.index(b",")
    assert "megapixels in all frames" in refusal(frame[:-1] + frame[start:-1] + b";")


def test_an_apng_has_the_frames_that_its_header_counts(samples: Path) -> None:
    data = (samples / "cases/apng-actl2-holds-5.png").read_bytes()
    found = inspect(BytesIO(data), len(data), Limits())
    assert found.frames == 2
    target = Target("x", found.width, found.height, "contain", "center")
    made = render(data, target, ("webp",), Limits()).images[0]
    assert Image.open(BytesIO(made.data)).n_frames == 2  # type: ignore[attr-defined]


def test_a_million_chunks_are_refused() -> None:
    png = encoded(scene(), "PNG")
    assert "made to be slow" in refusal(png[:33] + chunk(b"tEXt", b"") * 1_000_000 + png[33:])


def test_a_webp_of_a_million_chunks_is_refused() -> None:
    webp = encoded(scene(), "WEBP", exif=exif(1))
    assert "made to be slow" in refusal(webp[:30] + b"JUNK\0\0\0\0" * 1_000_000 + webp[30:])


def test_a_gif_of_millions_of_sub_blocks_stops_when_the_time_is_over() -> None:
    gif = encoded(Image.new("P", (10, 10)), "GIF")
    data = gif[:-1] + b"!\xfe" + b"\1a" * 5_000_000 + b"\0;"
    with pytest.raises(ImageRejected, match="longer than 1 seconds"):
        inspect(BytesIO(data), len(data), Limits(max_inspect_seconds=1))


def test_what_a_decoder_raises_rejects_the_image() -> None:
    file = BoundedFile(BytesIO(b""), 0, Limits())
    with pytest.raises(ImageRejected, match="The PNG is damaged"), decoding("PNG", file):
        Image.new("no such mode", (1, 1))


def test_a_bug_of_our_own_rejects_no_image() -> None:
    file = BoundedFile(BytesIO(b""), 0, Limits())
    with pytest.raises(ZeroDivisionError), decoding("PNG", file):
        _ = 1 // file.size


def test_too_little_memory_rejects_the_image() -> None:
    file = BoundedFile(BytesIO(b""), 0, Limits())
    with pytest.raises(ImageRejected, match="more memory than there is"), decoding("PNG", file):
        raise MemoryError
