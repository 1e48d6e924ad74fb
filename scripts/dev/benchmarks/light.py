"""`./scripts/bench light`: shrinking in linear light beside shrinking gamma-encoded numbers.

For each sample and width: the light that is left of the original's, SSIMULACRA2 against the whole image shrunk by
Lanczos in linear light and in gamma, and CPU ms of decoding and shrinking. Nothing is encoded.
"""

import argparse
import sys
from io import BytesIO
from pathlib import Path
from time import process_time

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from dev.benchmarks.judge import ssimulacra2
from imageservice.core.limits import Limits
from imageservice.core.rendition_plan import Light, Size, Target, fitted
from imageservice.engine.containers.bounded_file import BoundedFile
from imageservice.engine.decode import decode_still, fit
from imageservice.engine.inspection import displayed_size, read_header
from imageservice.engine.pixels.alpha import flattened
from imageservice.engine.pixels.color import to_srgb
from imageservice.engine.pixels.resize import resize

_ROOT = Path(__file__).parents[3]
_SAMPLES = _ROOT / "tests" / "samples"
_FILES = {
    "stars": _SAMPLES / "cases" / "stars.png",
    "checker": _SAMPLES / "cases" / "checker.png",
    "photo, 12 MP JPEG": _SAMPLES / "tomatoes-12mp.jpg",
    "photo, small JPEG": _SAMPLES / "landscape-orientation6.jpg",
    "photo in a PNG": _SAMPLES / "trees-alpha.png",
    "screenshot": _ROOT / "docs" / "images" / "console-images.webp",
    "logo": _SAMPLES / "cases" / "logo-palette.png",
}
_WIDTHS = (160, 320, 640)
_ROUNDS = 3


def main() -> None:
    argparse.ArgumentParser(prog=sys.argv[0], description=(__doc__ or "").partition("\n\n")[2]).parse_args()
    samples = {name: path.read_bytes() for name, path in _FILES.items()}
    samples |= {"dark text": _text("black", "white"), "light text": _text("white", "black")}
    print("| | width | light left: gamma | linear | s2, linear reference: gamma | linear ", end="")
    print("| s2, gamma reference: gamma | linear | CPU ms: gamma | linear |")
    print("|---" * 10 + "|")
    for name, data in samples.items():
        for width in _WIDTHS:
            print(f"| {name} | {width} | {_row(data, width)} |", flush=True)


def _row(data: bytes, width: int) -> str:
    whole = ImageOps.exif_transpose(Image.open(BytesIO(data))).convert("RGBA")
    size = width, max(1, round(whole.height * width / whole.width))
    box = (0.0, 0.0, float(whole.width), float(whole.height))
    light = _mean_light(flattened(whole))
    references = {each: flattened(resize(whole, size, box, each)) for each in ("linear", "gamma")}
    made = {each: _shrunk(data, width, each) for each in ("gamma", "linear")}
    shrunk = {each: flattened(image).convert("RGB") for each, (image, _) in made.items()}
    return " | ".join(
        [f"{_mean_light(image) / light:.2f}" for image in shrunk.values()]
        + [f"{ssimulacra2(references['linear'], image):.0f}" for image in shrunk.values()]
        + [f"{ssimulacra2(references['gamma'], image):.0f}" for image in shrunk.values()]
        + [f"{milliseconds:.0f}" for _, milliseconds in made.values()]
    )


def _shrunk(data: bytes, width: int, light: Light) -> tuple[Image.Image, float]:
    """The rendition before it is encoded, and the least CPU time of three rounds in ms."""
    times = []
    for _ in range(_ROUNDS):
        begin = process_time()
        file = BoundedFile(BytesIO(data), len(data), Limits())
        header = read_header(file)
        target = Target("x", *fitted(Size("x", width), *displayed_size(header)), "contain", "center")
        pixels = decode_still(file, header, target, light)
        image = to_srgb(fit(pixels, header, target, light), pixels.profile)
        times.append((process_time() - begin) * 1000)
    return image, min(times)


def _mean_light(image: Image.Image) -> float:
    numbers = np.asarray(image.convert("RGB")) / 255
    return float(np.where(numbers <= 0.04045, numbers / 12.92, ((numbers + 0.055) / 1.055) ** 2.4).mean())


def _text(ink: str, paper: str) -> bytes:
    page = Image.new("RGB", (1280, 900), paper)
    draw = ImageDraw.Draw(page)
    for row in range(36):
        text = f"{row} The quick brown fox jumps over the lazy dog " * 3
        draw.text((10, 8 + 25 * row), text, ink, ImageFont.load_default(17))
    buffer = BytesIO()
    page.save(buffer, "PNG")
    return buffer.getvalue()
