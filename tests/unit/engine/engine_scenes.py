"""Generated images, named by property."""

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, ImageCms, ImageDraw
from PIL.PngImagePlugin import PngInfo

from imageservice.engine.pixels.geometry import Box

Render = Callable[..., Image.Image]
Compare = Callable[[Image.Image, Image.Image, float], None]

SIDES = (96, 64)


def scene(mode: str = "RGB", size: tuple[int, int] = SIDES) -> Image.Image:
    """Four corners of different colors over gradients: any turn, mirroring or wrong channel shows."""
    width, height = size
    horizontal = Image.linear_gradient("L").rotate(90).resize(size)
    vertical = Image.linear_gradient("L").resize(size)
    image = Image.merge("RGB", (horizontal, vertical, horizontal.transpose(Image.Transpose.FLIP_LEFT_RIGHT)))
    draw = ImageDraw.Draw(image)
    third, half = max(1, width // 3), max(1, height // 3)
    draw.rectangle((0, 0, third, half), fill=(200, 40, 40))
    draw.rectangle((width - third, 0, width, half), fill=(40, 180, 60))
    draw.rectangle((0, height - half, third, height), fill=(40, 60, 200))
    if mode in ("RGBA", "LA"):
        image = image.convert(mode)
        image.putalpha(horizontal)
        return image
    return image.convert(mode)


def encoded(image: Image.Image, format: str, **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def stored_in(image: Image.Image, orientation: int) -> Image.Image:
    """The upright `image` as a camera held that way stores it."""
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    return image.transpose(back[orientation]) if orientation in back else image


def in_linear_light(image: Image.Image, size: tuple[int, int], box: Box | None = None) -> Image.Image:
    """The image resized by Pillow's Lanczos in floats of linear light, weighted by alpha: by the definition, slowly."""
    numbers = np.asarray(image.convert("RGBA")) / 255
    light = np.where(numbers <= 0.04045, numbers / 12.92, ((numbers + 0.055) / 1.055) ** 2.4)
    light[..., 3] = numbers[..., 3]
    light[..., :3] *= light[..., 3:]
    bands = [Image.fromarray(light[..., band].astype(np.float32)) for band in range(4)]
    shrunk = np.stack(
        [np.asarray(band.resize(size, Image.Resampling.LANCZOS, box)) for band in bands], axis=2
    )
    alpha = shrunk[..., 3:].clip(0, 1)
    colors = (shrunk[..., :3] / np.maximum(alpha, 1 / 510)).clip(0, 1)
    shown = np.where(colors <= 0.0031308, colors * 12.92, 1.055 * colors ** (1 / 2.4) - 0.055)
    return Image.fromarray(np.round(255 * np.concatenate([shown, alpha], axis=2)).astype(np.uint8))


def exif(orientation: int) -> bytes:
    """An EXIF block that says which way is up, and where the photo was taken."""
    block = Image.Exif()
    block[0x0112] = orientation
    block[0x010F] = "Camera"
    block.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0)})
    return block.tobytes()


def chunk(kind: bytes, data: bytes) -> bytes:
    """A PNG chunk."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_chunk(png: bytes, kind: bytes, data: bytes) -> bytes:
    """The PNG with one more chunk right behind its header."""
    return png[:33] + chunk(kind, data) + png[33:]


SECRET = b"Camera"
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">Camera</x:xmpmeta>'


def laden(format: str) -> bytes:
    """An image with everything that can hang on one."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    options: dict[str, object] = {"exif": exif(1), "icc_profile": profile, "xmp": XMP}
    if format == "PNG":
        text = PngInfo()
        text.add_text("Comment", "Camera")
        text.add_itxt("XML:com.adobe.xmp", XMP.decode())
        options = {"exif": exif(1), "icc_profile": profile, "pnginfo": text, "dpi": (300, 300)}
    if format == "JPEG":
        options |= {"comment": b"Camera", "dpi": (300, 300)}
    if format == "GIF":
        options = {"comment": b"Camera"}
    return encoded(scene(), format, **options)
