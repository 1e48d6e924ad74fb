"""The kinds of images that sites hold, one of each: the repository's samples, and larger files made of them."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pillow_heif
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from dev.checks import ROOT
from dev.samples import STORED, present
from imageservice.engine.pixels.content import flat_share

_STILL, _TRANSPARENT, _MOVING = ("avif", "webp", "jpeg"), ("avif", "webp", "png"), ("webp", "gif")
_DRAWN = 0.5
"""From this share of pixels that are like the one before, a file of one's own is no photo."""
_PAGE, _PAPER, _INK, _LINES = (2480, 3508), 246, 24, 60


class Kind(NamedTuple):
    """One file, and the formats that its renditions have."""

    name: str
    file: Path
    formats: tuple[str, ...]
    photo: bool = False

    @property
    def moving(self) -> bool:
        return self.formats == _MOVING


def gather(folder: Path) -> list[Kind]:
    """All kinds; the files that are made are in `folder`."""
    return [
        Kind("camera, 12 MP", present(STORED / "tomatoes-12mp.jpg"), _STILL, photo=True),
        Kind("camera, 24 MP", _made(folder / "camera-24mp.jpg", _camera), _STILL, photo=True),
        Kind("phone, JPEG", _made(folder / "phone.jpg", _phone), _STILL, photo=True),
        Kind("phone, HEIC", present(STORED / "sign-12mp-displayp3.heic"), _STILL, photo=True),
        Kind("screenshot", _made(folder / "screenshot.png", _screenshot), _STILL),
        Kind("scan", _made(folder / "scan.jpg", _scan), _STILL),
        Kind("logo with alpha", present(STORED / "cases" / "logo-palette.png"), _TRANSPARENT),
        Kind("chart", present(STORED / "chart.png"), _STILL),
        Kind("moving interface", present(STORED / "cases" / "flat-ui-animation.gif"), _MOVING),
        Kind("film", present(STORED / "gears-101frames.webp"), _MOVING),
    ]


def add_files_to(parser: argparse.ArgumentParser) -> None:
    """Adds the option --files, for `of_files`."""
    parser.add_argument(
        "--files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="your own images instead of the kinds: the tables are printed, and nothing is written",
    )


def of_files(files: Sequence[Path]) -> list[Kind]:
    """Own files, each a kind of its own. Exits with a message if one can't be read as an image."""
    try:
        return [_of_file(file) for file in files]
    except OSError as error:  # PIL's UnidentifiedImageError is one
        sys.exit(str(error))


def _of_file(file: Path) -> Kind:
    pillow_heif.register_heif_opener()
    with Image.open(file) as image:
        if getattr(image, "n_frames", 1) > 1:
            return Kind(file.name, file.resolve(), _MOVING)
        if image.has_transparency_data and image.convert("RGBA").getchannel("A").getextrema() != (255, 255):
            return Kind(file.name, file.resolve(), _TRANSPARENT)
        return Kind(file.name, file.resolve(), _STILL, photo=flat_share(image.convert("RGB")) < _DRAWN)


def _made(file: Path, make: Callable[[Path], None]) -> Path:
    if not file.exists():
        make(file)
    return file


def sign() -> Image.Image:
    """The phone's photo, in Display P3."""
    return pillow_heif.open_heif(present(STORED / "sign-12mp-displayp3.heic")).to_pillow()


def _phone(file: Path) -> None:
    """As a phone writes it, with its Display P3 profile."""
    photo = sign()
    photo.save(file, quality=92, icc_profile=photo.info["icc_profile"], exif=b"")


def _camera(file: Path) -> None:
    """Two photos side by side: enlarging one would have no detail of its own."""
    other = sign()
    with Image.open(present(STORED / "tomatoes-12mp.jpg")) as tomatoes:
        both = Image.new("RGB", (tomatoes.width + other.width, other.height))
        both.paste(tomatoes.crop((0, 0, tomatoes.width, other.height)), (0, 0))
        both.paste(other, (tomatoes.width, 0))
    both.save(file, quality=92)


def _screenshot(file: Path) -> None:
    """Four pages of the console on one large screen."""
    width, height = 1180, 820
    screen = Image.new("RGB", (2 * width, 2 * height))
    for at, page in enumerate(("images", "dark", "execution", "failures")):
        with Image.open(present(ROOT / "docs" / "images" / f"console-{page}.webp")) as opened:
            screen.paste(opened.crop((0, 0, width, height)), (at % 2 * width, at // 2 * height))
    screen.save(file)


def _scan(file: Path) -> None:
    """A page of text at 300 dots an inch: a little askew, on paper with a grain."""
    page = Image.new("L", _PAGE, _PAPER)
    draw = ImageDraw.Draw(page)
    text = "The quick brown fox jumps over the lazy dog, and the bank confirms receipt of 1,234.56. "
    for row in range(_LINES):
        font = ImageFont.load_default(40 if row % 12 else 56)
        draw.text((200, 220 + row * 50), (text[row % 40 :] + text)[:88], _INK, font)
    askew = page.rotate(0.6, Image.Resampling.BICUBIC, fillcolor=_PAPER).filter(ImageFilter.GaussianBlur(0.8))
    grain = np.random.default_rng(1).normal(0, 4, (page.height, page.width))
    gray = np.clip(np.asarray(askew) + grain, 0, 255)
    yellowish = np.stack([gray, gray * 0.99, gray * 0.95], axis=-1).astype(np.uint8)
    Image.fromarray(yellowish).save(file, quality=88)
