"""TIFFs of samples that Pillow does not know: floats, signed, of odd widths or 32 and 64 bits, Lab, LogLuv, CMYKA.

libtiff decodes the rows; numpy makes 8 bits of them, some rows at a time.
Sources: TIFF 6.0, section 23 (Lab); Adobe Photoshop TIFF Technical Notes 3 (floats); Ward Larson, "LogLuv Encoding for
Full Gamut, High Dynamic Range Images" (1998)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PIL import Image

from imageservice.core.errors import ImageRejected
from imageservice.engine.containers import libtiff
from imageservice.engine.containers import tiff_directory as tags
from imageservice.engine.containers.bounded_file import BoundedFile
from imageservice.engine.containers.tiff_directory import Directory
from imageservice.engine.containers.tiff_numbers import Range, lab_levels, levels, light_of_xyz
from imageservice.engine.pixels.color import primaries_of_light, to_srgb
from imageservice.engine.pixels.icc_profile import from_primaries

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WHITE_IS_0, _BLACK_IS_0, _RGB, _CMYK, _LAB, _ICC_LAB, _LOG_L, _LOG_LUV = 0, 1, 2, 5, 8, 9, 32844, 32845
_MODES = {_WHITE_IS_0: "L", _BLACK_IS_0: "L", _LOG_L: "L", _RGB: "RGB", _LOG_LUV: "RGB"}
_MODES |= {_CMYK: "CMYK", _LAB: "LAB", _ICC_LAB: "LAB"}
LOGLUV = (34676, 34677)
"""The compressions that go with pixels of LogLuv and LogL."""
_NAMES = {_LOG_L: "LogL", _LOG_LUV: "LogLuv", 3: "palette", 4: "mask", 6: "YCbCr", 10: "ITU Lab"}
_CHANNELS = {"L": 1, "RGB": 3, "CMYK": 4, "LAB": 3}
_UNSIGNED, _SIGNED, _FLOAT, _UNKNOWN = 1, 2, 3, 4
_FORMATS = {_SIGNED: "signed ", _FLOAT: "floating-point ", 5: "complex ", 6: "complex "}
_PREMULTIPLIED, _STRAIGHT = 1, 2
_SEPARATE = 2
_MOST_SAMPLES = 64
_MAX_TILE = 64_000_000
_DEPTHS = {"u": (*range(1, 17), 32, 64), "i": (8, 16, 32, 64), "f": (16, 32, 64)}


@dataclass(frozen=True)
class Layout:
    """How a page's samples are stored: unsigned, signed or floats (`kind` is u, i or f), of `bits` bits each.

    `planes` are those that are needed of separate ones. `alpha` is the place of the alpha sample in a pixel of the
    array, `premultiplied` whether colors are multiplied by it.
    """

    mode: str
    photometric: int
    kind: str
    bits: int
    samples: int
    planes: tuple[int, ...] | None
    alpha: int | None
    premultiplied: bool
    logluv: bool


def layout_of(directory: Directory) -> Layout:
    """The layout of a page. Raises ImageRejected, with what it is, if it can't be decoded."""
    first = directory.first
    depths = directory.tags.get(tags.BITS) or (1,)
    formats = directory.tags.get(tags.SAMPLE_FORMAT) or (_UNSIGNED,)
    photometric, bits = first(tags.PHOTOMETRIC, _BLACK_IS_0), depths[0]
    samples = first(tags.SAMPLES, 1)
    logluv = photometric in (_LOG_L, _LOG_LUV)
    if logluv:
        bits, formats = 32, (_FLOAT,)
    mode = _MODES.get(photometric) if logluv == (first(tags.COMPRESSION, 1) in LOGLUV) else None
    kind = {_UNSIGNED: "u", _UNKNOWN: "u", _SIGNED: "i", _FLOAT: "f"}.get(formats[0])
    known = bits in _DEPTHS.get(kind or "", ()) and len(set(formats)) == 1 and (logluv or len({*depths}) == 1)
    if mode is None or kind is None or not known or not _CHANNELS[mode] <= samples <= _MOST_SAMPLES:
        raise ImageRejected(f"A {_name(directory)} TIFF is not accepted; send it as JPEG or PNG.")
    channels = _CHANNELS[mode]
    extra = directory.tags.get(tags.EXTRA_SAMPLES, ())[: samples - channels]
    alpha = next((channels + at for at, use in enumerate(extra) if use in (_PREMULTIPLIED, _STRAIGHT)), None)
    premultiplied = alpha is not None and extra[alpha - channels] == _PREMULTIPLIED
    planes = None
    if samples > 1 and first(tags.PLANES, 1) == _SEPARATE:
        planes = (*range(channels), *([alpha] if alpha is not None else []))
        alpha = None if alpha is None else channels
    return Layout(mode, photometric, kind, bits, samples, planes, alpha, premultiplied, logluv)


def _name(directory: Directory) -> str:
    depths = directory.tags.get(tags.BITS) or (1,)
    form = _FORMATS.get(directory.first(tags.SAMPLE_FORMAT, _UNSIGNED), "")
    photometric = directory.first(tags.PHOTOMETRIC, _BLACK_IS_0)
    color = _NAMES.get(
        photometric, {"L": "gray"}.get(_MODES.get(photometric, ""), _MODES.get(photometric, ""))
    )
    depth = f"{depths[0]}-bit" if len(set(depths)) == 1 else f"{'/'.join(map(str, depths[:8]))}-bit"
    return f"{depth} {form}{color or f'photometric {photometric}'}"


def decode(file: BoundedFile, directory: Directory) -> Image.Image:
    """The page's pixels as they are stored, in 8 bits, with its ICC profile in `info`. Raises ImageRejected."""
    layout = layout_of(directory)
    profile = directory.blocks.get(tags.PROFILE)
    data = file.at(0, file.size)
    with ExitStack() as stack:
        # Each plane has a decoder of its own: going back and forth, one would begin each strip again.
        pages = [stack.enter_context(libtiff.opened(data, directory.offset)) for _ in layout.planes or (0,)]
        if layout.logluv:
            pages[0].use_floats_of_logluv()
        span = Range.of(layout.mode, layout.kind, layout.bits, light=layout.logluv)
        if span.is_measured:
            for _, band in _bands(file, pages, directory, layout):
                span.measure(band[..., : _CHANNELS[layout.mode]])
        primaries = primaries_of_light(profile) if profile and span.is_light else None
        linear = span.is_light and (profile is None or primaries is not None)
        image = Image.new(_mode(layout), directory.size)
        for top, band in _bands(file, pages, directory, layout):
            image.paste(_pixels(band, layout, span, linear, profile), (0, top))
    if profile and not _is_converted(layout):
        image.info["icc_profile"] = from_primaries(primaries) if primaries else profile
    return image


def _is_converted(layout: Layout) -> bool:
    """Whether colors become sRGB at once: Pillow has no mode for them with alpha."""
    return layout.alpha is not None and layout.mode in ("CMYK", "LAB")


def _mode(layout: Layout) -> str:
    if layout.alpha is None:
        return layout.mode
    return "LA" if layout.mode == "L" else "RGBA"


def _pixels(
    band: NDArray[Any], layout: Layout, span: Range, linear: bool, profile: bytes | None
) -> Image.Image:
    import numpy as np

    channels = _CHANNELS[layout.mode]
    colors = band[..., :channels]
    alpha = None if layout.alpha is None else span.alpha(band[..., layout.alpha])
    if layout.premultiplied and alpha is not None:
        with np.errstate(divide="ignore", invalid="ignore"):
            colors = np.where(alpha[..., None] > 0, colors / alpha[..., None], 0)
    if layout.mode == "LAB":
        stored = lab_levels(colors, layout.kind, layout.bits, layout.photometric == _ICC_LAB)
    elif layout.logluv and layout.mode == "RGB":
        stored = levels(light_of_xyz(colors), span, linear)
    else:
        stored = levels(colors, span, linear)
    if layout.photometric == _WHITE_IS_0:
        stored = 255 - stored
    image = Image.merge(
        layout.mode, [Image.fromarray(np.ascontiguousarray(stored[..., at])) for at in range(channels)]
    )
    if alpha is None:
        return image
    if _is_converted(layout):
        image = to_srgb(image, profile)
    image.putalpha(Image.fromarray(np.rint(alpha * 255).astype(np.uint8)))
    return image


def _bands(
    file: BoundedFile, pages: list[libtiff.Page], directory: Directory, layout: Layout
) -> Iterator[tuple[int, NDArray[Any]]]:
    """Some rows at a time: the first one's number, and an array of rows × columns × samples."""
    width, height = directory.size
    if tags.TILE_WIDTH in directory.tags:
        yield from _tile_rows(file, pages, directory, layout)
        return
    samples = 1 if layout.planes else layout.samples
    size = (width * samples * layout.bits + 7) // 8
    parts = [
        page.bands(height, size, plane) for page, plane in zip(pages, layout.planes or (0,), strict=True)
    ]
    for bands in zip(*parts, strict=True):
        file.check_time()
        yield bands[0][0], _joined([_array(rows, width, samples, layout) for _, rows in bands])


def _tile_rows(
    file: BoundedFile, pages: list[libtiff.Page], directory: Directory, layout: Layout
) -> Iterator[tuple[int, NDArray[Any]]]:
    import numpy as np

    width, height = directory.size
    across, down = directory.first(tags.TILE_WIDTH, 0), directory.first(tags.TILE_HEIGHT, 0)
    samples = 1 if layout.planes else layout.samples
    size = (across * samples * layout.bits + 7) // 8 * down
    if not 0 < size <= _MAX_TILE:
        raise ImageRejected(libtiff.DAMAGED)
    planes = list(zip(pages, layout.planes or (0,), strict=True))
    for top in range(0, height, down):
        file.check_time()
        row = [
            _joined(
                [_array(page.tile(left, top, size, plane), across, samples, layout) for page, plane in planes]
            )
            for left in range(0, width, across)
        ]
        yield top, np.concatenate(row, axis=1)[: height - top, :width]


def _joined(planes: list[NDArray[Any]]) -> NDArray[Any]:
    import numpy as np

    return planes[0] if len(planes) == 1 else np.concatenate(planes, axis=2)


def _array(data: bytearray, width: int, samples: int, layout: Layout) -> NDArray[Any]:
    """Rows of bytes as rows × columns × samples."""
    import numpy as np

    if layout.bits % 8 == 0:
        return np.frombuffer(data, np.dtype(f"{layout.kind}{layout.bits // 8}")).reshape(-1, width, samples)
    row = (width * samples * layout.bits + 7) // 8
    bits = np.unpackbits(np.frombuffer(data, np.uint8).reshape(-1, row), axis=1)[
        :, : width * samples * layout.bits
    ]
    weights = 1 << np.arange(layout.bits - 1, -1, -1, dtype=np.uint16)
    numbers: NDArray[Any] = (bits.reshape(-1, width, samples, layout.bits) * weights).sum(
        axis=3, dtype=np.uint16
    )
    return numbers
