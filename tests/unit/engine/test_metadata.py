"""Nothing but pixels leaves: checked in each container's own parts, not by Pillow."""

import struct
from collections.abc import Iterator
from io import BytesIO

import pytest
from engine_scenes import SECRET, XMP, encoded, exif, laden, scene
from PIL import Image

from imageservice.core.limits import Limits
from imageservice.core.rendition_plan import Target
from imageservice.engine.render import render


def jpeg_segments(data: bytes) -> Iterator[bytes]:
    at = 2
    while data[at + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", data, at + 2)
        yield data[at + 1 : at + 2] + data[at + 4 : at + 8]
        at += 2 + length


def png_chunks(data: bytes) -> Iterator[bytes]:
    at = 8
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        yield kind
        at += length + 12


def webp_chunks(data: bytes) -> Iterator[bytes]:
    at = 12
    while at < len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        yield kind
        at += 8 + length + length % 2


def parts(data: bytes, format: str) -> set[bytes]:
    """The names of what the file is made of."""
    if format == "jpeg":
        return {segment[:1] if segment[1:] != b"JFIF" else b"JFIF" for segment in jpeg_segments(data)}
    if format == "png":
        return set(png_chunks(data))
    if format == "webp":
        return set(webp_chunks(data))
    return {kind for kind in (b"Exif", b"mime", b"prof", b"rICC", b"cdsc", b"thmb") if kind in data}


ALLOWED = {
    "jpeg": {b"JFIF", b"\xdb", b"\xc4", b"\xc0", b"\xc2"},
    "png": {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"},
    "webp": {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF"},
    "avif": set(),
}


@pytest.mark.parametrize("out", ["jpeg", "png", "webp", "avif"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "GIF"])
def test_a_rendition_has_no_part_that_is_not_pixels(kind: str, out: str) -> None:
    data = laden(kind)
    assert SECRET in data
    made = render(data, Target("x", 48, 32, "contain", "center"), (out,), Limits()).images[0].data
    assert parts(made, out) <= ALLOWED[out]
    assert SECRET not in made
    assert b"GPS" not in made


@pytest.mark.parametrize("out", ["webp", "gif"])
def test_a_moving_rendition_has_no_part_that_is_not_pixels(out: str) -> None:
    data = encoded(
        scene(),
        "WEBP",
        save_all=True,
        append_images=[scene().rotate(90)],
        exif=exif(1),
        xmp=XMP,
        duration=100,
    )
    made = render(data, Target("x", 48, 32, "contain", "center"), (out,), Limits()).images[0].data
    assert SECRET not in made
    assert Image.open(BytesIO(made)).n_frames == 2  # type: ignore[attr-defined]
    if out == "webp":
        assert set(webp_chunks(made)) <= ALLOWED["webp"]
    else:
        assert b"!\xfe" not in made  # a comment
