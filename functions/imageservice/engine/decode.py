"""Pixels of still images: as large as needed, turned upright, in L, LA, RGB, RGBA, CMYK or LAB."""

from dataclasses import dataclass
from io import BytesIO
from math import ceil
from typing import IO, cast

from PIL import AvifImagePlugin, Image, PngImagePlugin, WebPImagePlugin

from imageservice.core.errors import ImageRejected
from imageservice.core.rendition_plan import Target
from imageservice.engine.containers import bmp, gif, plain, png
from imageservice.engine.containers.bounded_file import Source, decoding
from imageservice.engine.containers.header import Header
from imageservice.engine.inspection import shown_size
from imageservice.engine.pixels.bit_depth import BAND_PIXELS, banded, eight_bit
from imageservice.engine.pixels.color import profile_of
from imageservice.engine.pixels.geometry import Box, kept, stored, turned

# Pillow's limit for an ICC profile; png.still() leaves out anything else that could be large.
PngImagePlugin.MAX_TEXT_CHUNK = png.MAX_PROFILE

# How much of the shrinking is left to Lanczos after the JPEG decoder's own scaling, and after box averaging.
JPEG_GAP = 1.1
BOX_GAP = 2.0
# A progressive JPEG has about ten; each one goes through all pixels, however few bytes it has.
_MAX_SCANS = 200
# libheif cuts a HEIC's clean aperture by itself and may round it otherwise.
_SLACK = {"heic": 2}
_TRANSPOSES = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class Pixels:
    """Stored pixels in a mode that resizes well, decoded at 1/`scale` of the header's size; and their ICC profile."""

    image: Image.Image
    profile: bytes | None
    scale: float = 1.0


def decode_still(source: Source, header: Header, target: Target) -> Pixels:
    """The pixels of a still image, as many as the target needs. Raises ImageRejected."""
    image = _open(source, header)
    name = header.format.upper() if header.format != "webp" else "WebP"
    scale = _draft(image, header, target) if header.format == "jpeg" else 1.0
    start = source.tell()
    if header.format == "jpeg" and plain.scans(source, start) > _MAX_SCANS:
        raise ImageRejected(f"The JPEG has more than {_MAX_SCANS} scans: it was made to be slow to decode.")
    source.seek(start)
    with decoding(name, source):
        image.load()
    source.check_time()
    if header.format == "jpeg" and plain.is_filled_in(image, scale, source, start):
        raise ImageRejected("The JPEG is cut off: it ends before its last pixel.")
    off = max(abs(image.width - header.width), abs(image.height - header.height))
    if header.format != "jpeg" and off > _SLACK.get(header.format, 0):
        raise ImageRejected(
            f"The {name} is damaged: its header says {header.width} × {header.height} pixels,"
            f" it holds {image.width} × {image.height}."
        )
    info = image.info
    image = eight_bit(image, plain.sample_bits(image))
    return Pixels(image, profile_of(info, header, image.mode), scale)


def fit(pixels: Pixels, header: Header, target: Target) -> Image.Image:
    """The part of the pixels that the target shows: upright and of the target's size."""
    left, top, right, bottom = (edge / pixels.scale for edge in _stored_box(header, target))
    box = left, top, min(right, float(pixels.image.width)), min(bottom, float(pixels.image.height))
    return _upright(shrink(pixels.image, _stored_size(header, target), box), header.orientation)


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    return image.transpose(_TRANSPOSES[orientation]) if orientation in _TRANSPOSES else image


def _open(source: Source, header: Header) -> Image.Image:
    source.seek(0)
    file = cast(IO[bytes], source)
    if header.format == "jpeg":
        return plain.open_jpeg(source)
    if header.format == "tiff":
        return plain.open_tiff(source)
    if header.format == "bmp":
        return bmp.open_image(source)
    if header.format == "heic":
        return _open_heic(source)
    if header.format == "gif":
        film = gif.read_film(source)
        return _on_canvas(film, source)
    with decoding(header.format.upper(), source):
        if header.format == "png":
            return PngImagePlugin.PngImageFile(BytesIO(png.still(source)))
        if header.format == "webp":
            return WebPImagePlugin.WebPImageFile(file)
        return AvifImagePlugin.AvifImageFile(file)


def _open_heic(source: Source) -> Image.Image:
    # Not at the top: 20 ms that only HEIC needs.
    import pillow_heif

    with decoding("HEIC", source):
        image: Image.Image = pillow_heif.open_heif(source.at(0, source.size)).to_pillow()
    return image


def _on_canvas(film: gif.Film, source: Source) -> Image.Image:
    frame = film.frames[0]
    from PIL import GifImagePlugin

    with decoding("GIF", source):
        image = GifImagePlugin.GifImageFile(BytesIO(gif.still(source, film, frame)))
        image.load()
    if (frame.width, frame.height) == (film.width, film.height):
        return image
    canvas = Image.new("RGBA", (film.width, film.height))
    canvas.paste(eight_bit(image), (frame.left, frame.top))
    return canvas


def _stored_box(header: Header, target: Target) -> Box:
    """What the target shows, in stored pixels."""
    left, top, right, bottom = header.crop or (0, 0, header.width, header.height)
    box = stored(kept(target, *shown_size(header)), right - left, bottom - top, header.orientation)
    return box[0] + left, box[1] + top, box[2] + left, box[3] + top


def _stored_size(header: Header, target: Target) -> tuple[int, int]:
    return (target.height, target.width) if turned(header.orientation) else (target.width, target.height)


def _draft(image: Image.Image, header: Header, target: Target) -> float:
    """Has the JPEG decoder scale by 1/2, 1/4 or 1/8 where enough pixels are left; answers by how much."""
    left, top, right, bottom = _stored_box(header, target)
    width, height = _stored_size(header, target)
    across, down = (right - left) / width, (bottom - top) / height
    drafted = image.draft(
        None, (ceil(header.width / across * JPEG_GAP), ceil(header.height / down * JPEG_GAP))
    )
    return header.width / drafted[1][2] if drafted is not None else 1.0


def shrink(image: Image.Image, size: tuple[int, int], box: Box) -> Image.Image:
    """`box` of the image at `size`: averaged over whole boxes as far as twice the size, then Lanczos.

    Alpha is premultiplied while pixels are mixed, so that no colour bleeds out of what can't be seen.
    """
    if image.size == size and box == (0.0, 0.0, float(size[0]), float(size[1])):
        return image.copy()
    if image.mode not in ("LA", "RGBA"):
        return image.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=BOX_GAP)
    mixed = {"LA": "La", "RGBA": "RGBa"}[image.mode]
    across, down = ((box[2] - box[0]) / size[0], (box[3] - box[1]) / size[1])
    factors = max(1, int(across / BOX_GAP)), max(1, int(down / BOX_GAP))
    left, top, right, bottom = int(box[0]), int(box[1]), ceil(box[2]), ceil(box[3])
    rows = max(1, BAND_PIXELS // image.width // factors[1]) * factors[1]
    part = (
        image if (left, top, right, bottom) == (0, 0, *image.size) else image.crop((left, top, right, bottom))
    )
    averaged = banded(
        part,
        mixed,
        (ceil(part.width / factors[0]), ceil(part.height / factors[1])),
        rows,
        lambda upper, lower: part.crop((0, upper, part.width, lower)).convert(mixed).reduce(factors),
    )
    inner = (
        (box[0] - left) / factors[0],
        (box[1] - top) / factors[1],
        (box[2] - left) / factors[0],
        (box[3] - top) / factors[1],
    )
    return averaged.resize(size, Image.Resampling.LANCZOS, box=inner).convert(image.mode)
