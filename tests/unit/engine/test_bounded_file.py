"""Places and lengths that a file states, however large, are within it or cut off."""

import struct
from io import BytesIO
from pathlib import Path

import pytest
from engine_scenes import encoded, scene

from imageservice.core.errors import ImageRejected
from imageservice.core.limits import Limits
from imageservice.engine.containers.bounded_file import BoundedFile
from imageservice.engine.inspection import inspect


def reason(data: bytes) -> str:
    with pytest.raises(ImageRejected) as caught:
        inspect(BytesIO(data), len(data), Limits())
    return str(caught.value)


@pytest.mark.parametrize("place", [2**62, 2**63 - 1, 2**63, 2**64 - 1])
def test_a_place_beyond_any_file_is_cut_off(place: int, samples: Path) -> None:
    big = (samples / "cases/bigtiff-big-endian-ok.tif").read_bytes()
    assert "cut off" in reason(big[:8] + struct.pack(">Q", place) + big[16:])
    little = b"II+\0\x08\0\0\0" + struct.pack("<Q", place) + bytes(64)
    assert "cut off" in reason(little)
    longer = encoded(scene(), "AVIF") + struct.pack(">I4sQ", 1, b"free", place)
    assert inspect(BytesIO(longer), len(longer), Limits()).width == 96


def test_a_heif_that_ends_before_its_index_is_cut_off() -> None:
    data = encoded(scene(), "AVIF")
    brands = data[: int.from_bytes(data[:4], "big")]
    assert "cut off" in reason(brands + struct.pack(">I4s", 5_000, b"mdat") + bytes(900))


def test_a_place_before_the_file_is_damage() -> None:
    file = BoundedFile(BytesIO(bytes(100)), 100, Limits())
    with pytest.raises(ImageRejected, match="damaged"):
        file.seek(-1)
    assert file.seek(-1, 2) == 99
    assert file.read(2**70) == b"\0"
