"""BMPs of rare kinds are shown, or refused for what they are."""

import struct
from io import BytesIO

import pytest
from engine_scenes import encoded, scene
from PIL import Image

from imageservice.core.errors import ImageRejected
from imageservice.core.limits import Limits
from imageservice.core.rendition_plan import Target
from imageservice.engine.inspection import inspect
from imageservice.engine.render import render


def reason(data: bytes) -> str:
    with pytest.raises(ImageRejected) as caught:
        inspect(BytesIO(data), len(data), Limits())
    return str(caught.value)


@pytest.mark.parametrize(("compression", "name"), [(4, "JPEG"), (5, "PNG")])
def test_a_bmp_that_holds_another_image_is_named(compression: int, name: str) -> None:
    data = bytearray(encoded(scene(), "BMP"))
    data[30] = compression
    assert reason(bytes(data)) == f"A BMP that holds a {name} is not accepted; send the {name} itself."


def test_a_bmp_with_an_alpha_mask_behind_a_short_header_is_taken() -> None:
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    head = struct.pack("<IiiHHIIiiII", 40, 1, 1, 1, 32, 6, 0, 0, 0, 0, 0)
    data = b"BM" + struct.pack("<IHHI", 74, 0, 0, 70) + head + masks + bytes((30, 20, 10, 128))
    made = render(data, Target("x", 1, 1, "contain", "center"), ("png",), Limits())
    assert Image.open(BytesIO(made.images[0].data)).convert("RGBA").getpixel((0, 0)) == (10, 20, 30, 128)
