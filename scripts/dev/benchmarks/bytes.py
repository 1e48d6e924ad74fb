"""`./scripts/bench bytes`: each format with fixed settings, and as the engine encodes it.

Bytes, CPU time, SSIM of the luma and SSIMULACRA2 (90: no difference is visible, 70: high quality, below 50: low), of
animations the means of five frames. Against the image before it is encoded, on white.
"""

import argparse
import sys
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageSequence
from skimage.metrics import structural_similarity

from dev.benchmarks import drawn
from dev.benchmarks.judge import ssimulacra2
from imageservice.core.limits import Limits
from imageservice.core.rendition_plan import Size, Target, fitted
from imageservice.engine.containers.bounded_file import BoundedFile
from imageservice.engine.decode import decode_still, fit
from imageservice.engine.decode_animation import decode_frames
from imageservice.engine.encode import clean, encode
from imageservice.engine.encode_animation import RenderedFrame, encode_animation
from imageservice.engine.inspection import displayed_size, read_header
from imageservice.engine.pixels.alpha import flattened, is_transparent, without_alpha
from imageservice.engine.pixels.color import to_srgb

_ROOT = Path(__file__).parents[3]
_SAMPLES = _ROOT / "tests" / "samples"
_STILLS = (
    ("photo", _SAMPLES / "tomatoes-12mp.jpg", 640),
    ("photo in a PNG", _SAMPLES / "trees-alpha.png", 640),
    ("screenshot", _ROOT / "docs" / "images" / "console-images.webp", 1280),
    ("chart", _SAMPLES / "chart.png", 1280),
    ("logo", _SAMPLES / "cases" / "logo-palette.png", 1280),
    ("logo", _SAMPLES / "cases" / "logo-palette.png", 320),
)
_MOVING = (
    ("flat animation", _SAMPLES / "cases" / "flat-ui-animation.gif"),
    ("GIF of a video", _SAMPLES / "text-11frames.gif"),
    ("sticker, photographic", _SAMPLES / "gears-101frames.webp"),
)


_JUDGED_FRAMES = 5
# The engine's settings in version 0.1, for every image.
_FIXED: dict[str, dict[str, Any]] = {
    "avif": {"quality": 50, "speed": 6, "subsampling": "4:2:0", "max_threads": 1},
    "webp": {"quality": 80, "method": 2},
    "jpeg": {"quality": 80, "progressive": True, "optimize": True, "subsampling": "4:2:0"},
    "png": {},
}


class Result(NamedTuple):
    length: int
    milliseconds: float
    ssim: float
    ssimulacra2: float


def main() -> None:
    argparse.ArgumentParser(prog=sys.argv[0], description=(__doc__ or "").partition(": ")[2]).parse_args()
    print("| | format | bytes before | after | CPU ms | SSIM | SSIMULACRA2 |\n|---|---|---|---|---|---|---|")
    stills = [(f"{name}, {width}", _pixels(path, width)) for name, path, width in _STILLS]
    made = [("interface, 1280", drawn.interface(1280)), ("interface, 640", drawn.interface(640))]
    for name, image in [*stills, *made, ("red text on blue, 640", drawn.red_on_blue())]:
        transparent = image.mode in ("LA", "RGBA")
        for name_of_format in ("avif", "webp", "png" if transparent else "jpeg"):
            before = _measured(image, partial(_fixed, format=name_of_format))
            after = _measured(image, partial(encode, format=name_of_format, quality={}))
            _print(name, name_of_format, before, after)
    for name, path in _MOVING:
        frames = _frames(path)
        before = _measured_animation(frames, _fixed_animation)
        make = partial(encode_animation, loops=0, format="webp", quality={})
        _print(name, "webp", before, _measured_animation(frames, make))


def _print(name: str, format: str, before: Result, after: Result) -> None:
    if before.length == after.length:
        print(
            f"| {name} | {format} | {before.length:,} | the same | | {after.ssim:.3f} | {after.ssimulacra2:.0f} |"
        )
        return
    print(
        f"| {name} | {format} | {before.length:,} | {after.length:,} "
        f"| {before.milliseconds:.0f} → {after.milliseconds:.0f} | {before.ssim:.3f} → {after.ssim:.3f} "
        f"| {before.ssimulacra2:.0f} → {after.ssimulacra2:.0f} |"
    )


def _pixels(path: Path, width: int) -> Image.Image:
    """The rendition before it is encoded."""
    data = path.read_bytes()
    file = BoundedFile(BytesIO(data), len(data), Limits())
    header = read_header(file)
    target = Target("x", *fitted(Size("x", width), *displayed_size(header)), "contain", "center")
    pixels = decode_still(file, header, target)
    image = to_srgb(fit(pixels, header, target), pixels.profile)
    return image if is_transparent(pixels.image) else without_alpha(image)


def _fixed(image: Image.Image, format: str) -> bytes:
    buffer = BytesIO()
    clean(image).save(buffer, format.upper(), **_FIXED[format])
    return buffer.getvalue()


def _measured(image: Image.Image, make: Callable[[Image.Image], bytes]) -> Result:
    begin = process_time()
    data = make(image)
    milliseconds = (process_time() - begin) * 1000
    return Result(len(data), milliseconds, *_judged(image, Image.open(BytesIO(data))))


def _judged(image: Image.Image, encoded: Image.Image) -> tuple[float, float]:
    """SSIM and SSIMULACRA2."""
    shown = [flattened(each.convert("RGBA")).convert("RGB") for each in (image, encoded)]
    ssim = structural_similarity(*(np.asarray(each.convert("L")) for each in shown))
    return float(ssim), ssimulacra2(*shown)


def _measured_animation(frames: list[RenderedFrame], make: Callable[[list[RenderedFrame]], bytes]) -> Result:
    begin = process_time()
    data = make(frames)
    milliseconds = (process_time() - begin) * 1000
    starts = np.cumsum([0, *(frame.duration for frame in frames)])
    judged = [
        _judged(frames[number].image, _frame_at(data, int(starts[number])))
        for number in range(0, len(frames), -(-len(frames) // _JUDGED_FRAMES))
    ]
    return Result(len(data), milliseconds, *(float(mean) for mean in np.mean(judged, axis=0)))


def _frame_at(data: bytes, milliseconds: int) -> Image.Image:
    """What is shown at a time: encoders merge frames that are alike."""
    with Image.open(BytesIO(data)) as moving:
        for frame in ImageSequence.Iterator(moving):
            frame.load()  # the duration is known only then
            milliseconds -= frame.info["duration"]
            if milliseconds < 0:
                break
        return moving.convert("RGBA")


def _frames(path: Path) -> list[RenderedFrame]:
    data = path.read_bytes()
    file = BoundedFile(BytesIO(data), len(data), Limits())
    return [
        RenderedFrame(frame.pixels.image, frame.duration) for frame in decode_frames(file, read_header(file))
    ]


def _fixed_animation(frames: list[RenderedFrame]) -> bytes:
    buffer = BytesIO()
    images = [frame.image for frame in frames]
    images[0].save(
        buffer,
        "WEBP",
        save_all=True,
        append_images=images[1:],
        duration=[frame.duration for frame in frames],
        **_FIXED["webp"],
    )
    return buffer.getvalue()
