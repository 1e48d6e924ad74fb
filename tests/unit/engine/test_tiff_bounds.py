"""TIFFs whose directories or strips were made to be slow, or large, are refused for little."""

import time
import zlib

import pytest
from bombs.tiff import DEFLATE, JPEG, image, jpeg, strips, tiles, with_tag

from imageservice.core.errors import ImageRejected
from imageservice.core.limits import Limits
from imageservice.core.rendition_plan import Target
from imageservice.engine.render import render


def refusal(data: bytes) -> str:
    """Why the file is refused, in less than two seconds of CPU."""
    began = time.thread_time()
    with pytest.raises(ImageRejected) as caught:
        render(data, Target("x", 32, 32, "contain", "center"), ("jpeg",), Limits())
    assert time.thread_time() - began < 2
    return str(caught.value)


def test_millions_of_strips_are_refused() -> None:
    data = strips(image(64, 64, compression=DEFLATE), zlib.compress(bytes(192)), parts=2_100_000)
    assert "more than 2,000,000 numbers" in refusal(data)


def test_a_list_of_millions_of_numbers_that_nothing_reads_costs_nothing() -> None:
    data = with_tag(330, 3, b"\x11\x22" * 3_000_000)
    began = time.thread_time()
    assert render(data, Target("x", 32, 32, "contain", "center"), ("jpeg",), Limits()).images
    assert time.thread_time() - began < 2


def test_a_tile_far_larger_than_the_image_is_refused() -> None:
    data = tiles(image(64, 64), bytes(768), 25_600)
    assert refusal(data) == "The TIFF is damaged: its tiles are larger than the image."


def test_a_strip_that_inflates_to_far_more_than_its_pixels_is_refused() -> None:
    data = strips(image(64, 64, compression=DEFLATE), zlib.compress(bytes(10_000_000)))
    assert "inflates to more" in refusal(data)


def test_a_strip_that_is_ajpeg_far_larger_than_the_image_is_refused() -> None:
    data = strips(image(64, 64, compression=JPEG, photometric=6), jpeg(2_100, 2_100))
    assert refusal(data) == "The JPEG is damaged: its pixels can't be decoded."
