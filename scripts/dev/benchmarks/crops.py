"""`./scripts/bench crops [FOLDER]`: how often a face is whole in a square crop, by each way to place the crop.

From each photo of _FACES that is in tests/samples or in FOLDER, cuts of several shapes are taken, with the face
anywhere in them; each is cropped to a square. With two photos side by side, one of the faces has to be whole. The
faces' boxes were drawn by hand. Four of the photos are in the source distribution of face-recognition 1.3.0 on PyPI,
under tests/test_images.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import permutations
from pathlib import Path
from time import process_time

import numpy as np
import pyvips
import smartcrop
from PIL import Image

from imageservice.core.rendition_plan import Target
from imageservice.engine.pixels.geometry import Box, crop_box
from imageservice.engine.smart.aim import aimed, look_size
from imageservice.engine.smart.busiest import busiest

_SAMPLES = Path(__file__).parents[3] / "tests" / "samples"
# From the hairline to the chin, and from ear to ear: left, top, right, bottom in pixels.
_FACES: dict[str, Box] = {
    "astronaut.jpg": (178, 60, 272, 176),
    "obama.jpg": (358, 70, 615, 415),
    "obama2.jpg": (192, 200, 485, 640),
    "obama3.jpg": (615, 235, 915, 620),
    "biden.jpg": (395, 135, 725, 567),
}
_SHAPES = (16 / 9, 3 / 2, 4 / 3, 3 / 4, 2 / 3, 9 / 16)
_CUTS = 60  # of each photo
_LEAST, _MOST = 1.3, 4.0  # the shorter side of a cut, in heights of the face
_SIDE = 1200  # of the photos in a pair, in pixels
_ALLOWED = 0.01  # of the square's side: what may be cut off a face

Place = Callable[[Image.Image], Box]
Picture = tuple[Image.Image, Sequence[Box]]


def main() -> None:
    parser = argparse.ArgumentParser(prog=sys.argv[0], description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("folder", nargs="?", type=Path, help="where more of the photos are")
    folder = parser.parse_args().folder
    photos = list(_photos([_SAMPLES, *([folder] if folder else [])]))
    cuts = [cut for photo in photos for cut in _cuts(*photo)]
    pairs = [_pair(left, right) for left, right in permutations(photos, 2)]
    print(f"{len(photos)} photos, {len(cuts)} cuts, {len(pairs)} pairs\n")
    print("| crop | face whole | one of two whole | CPU ms |\n|---|---|---|---|")
    for name, place in _WAYS.items():
        begin = process_time()
        one, two = (sum(_is_whole(each, place) for each in some) for some in (cuts, pairs))
        milliseconds = (process_time() - begin) * 1000 / (len(cuts) + len(pairs))
        of_pairs = f"{100 * two / len(pairs):.0f} %" if pairs else "–"
        print(f"| {name} | {100 * one / len(cuts):.0f} % | {of_pairs} | {milliseconds:.1f} |", flush=True)


def _photos(folders: Sequence[Path]) -> Iterator[tuple[Image.Image, Box]]:
    for name, face in _FACES.items():
        for file in (folder / name for folder in folders):
            if file.is_file():
                yield Image.open(file).convert("RGB"), face
                break


def _cuts(photo: Image.Image, face: Box) -> Iterator[Picture]:
    """Parts of the photo that have all of the face; a shape that the photo has no room for is left out."""
    choose = random.Random("crops")
    left, top, right, bottom = face
    for number in range(_CUTS):
        shape = _SHAPES[number % len(_SHAPES)]
        shorter = choose.uniform(_LEAST, _MOST) * (bottom - top)
        width, height = shorter * max(shape, 1), shorter * max(1 / shape, 1)
        shrunk = min(1.0, photo.width / width, photo.height / height)
        width, height = int(width * shrunk), int(height * shrunk)
        if min(width, height) < _LEAST * (bottom - top):
            continue
        x = int(choose.uniform(max(0.0, right - width), min(left, photo.width - width)))
        y = int(choose.uniform(max(0.0, bottom - height), min(top, photo.height - height)))
        yield photo.crop((x, y, x + width, y + height)), [(left - x, top - y, right - x, bottom - y)]


def _pair(left: tuple[Image.Image, Box], right: tuple[Image.Image, Box]) -> Picture:
    """Two photos side by side, of the same height."""
    made, faces, x = Image.new("RGB", (2 * _SIDE, _SIDE)), [], 0
    for photo, face in (left, right):
        side = min(photo.size)
        scale = _SIDE / side
        top = int(min(max((face[1] + face[3] - side) / 2, 0), photo.height - side))
        made.paste(photo.crop((0, top, side, top + side)).resize((_SIDE, _SIDE)), (x, 0))
        faces.append(
            (face[0] * scale + x, (face[1] - top) * scale, face[2] * scale + x, (face[3] - top) * scale)
        )
        x += _SIDE
    return made, faces


def _is_whole(picture: Picture, place: Place) -> bool:
    """Whether the square shows one of the faces whole."""
    image, faces = picture
    box = place(image)
    slack = _ALLOWED * min(image.size)
    return any(
        box[0] <= face[0] + slack
        and box[1] <= face[1] + slack
        and box[2] >= face[2] - slack
        and box[3] >= face[3] - slack
        for face in faces
    )


def _square(image: Image.Image, left: float, top: float) -> Box:
    side = min(image.size)
    return left, top, left + side, top + side


def _center(image: Image.Image) -> Box:
    return crop_box(Target("square", 1, 1, "cover", "center"), *image.size)


def _smart(image: Image.Image) -> Box:
    """As the engine does: by the image seen small."""
    target = aimed(Target("square", 1, 1, "cover", "smart"), _small(image))
    return crop_box(target, *image.size)


def _busiest(image: Image.Image) -> Box:
    """The engine's way without a face."""
    gray = np.asarray(_small(image).convert("L"))
    sideways = image.width > image.height
    begin = busiest(gray if sideways else gray.T, min(gray.shape)) or 0
    place = begin * image.width / gray.shape[1]
    return _square(image, place if sideways else 0, 0 if sideways else place)


def _small(image: Image.Image) -> Image.Image:
    return image.resize(look_size(*image.size), Image.Resampling.LANCZOS, reducing_gap=2.0)


def _vips(interesting: str) -> Place:
    def place(image: Image.Image) -> Box:
        side = min(image.size)
        made = pyvips.Image.new_from_array(np.asarray(image)).smartcrop(side, side, interesting=interesting)
        return _square(image, -made.xoffset, -made.yoffset)

    return place


def _smartcrop_py(image: Image.Image) -> Box:
    crop = smartcrop.SmartCrop().crop(image, 100, 100)["top_crop"]
    return crop["x"], crop["y"], crop["x"] + crop["width"], crop["y"] + crop["height"]


_WAYS: dict[str, Place] = {
    "center": _center,
    "libvips 8.18, attention": _vips("attention"),
    "libvips 8.18, entropy": _vips("entropy"),
    "smartcrop 0.5": _smartcrop_py,
    "smart, faces not looked for": _busiest,
    "**smart**": _smart,
}
