"""`./scripts/bench crops [FOLDER]`: how many faces a square crop keeps whole, by each way to place the crop.

From each photo of dev.benchmarks.face_photos, cuts of several shapes are taken around each face, with the face anywhere
in them; each is cropped to a square. Of the faces that are whole in a cut, a square can keep so many; counted is how
many of those it keeps. With two photos of one person side by side, one of the faces has to be whole.
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

from dev.benchmarks.face_photos import Photo, photos
from imageservice.core.rendition_plan import Target
from imageservice.engine.pixels.geometry import Box, crop_box
from imageservice.engine.smart.aim import aimed, look_size
from imageservice.engine.smart.busiest import busiest

_SHAPES = (16 / 9, 3 / 2, 4 / 3, 3 / 4, 2 / 3, 9 / 16)
_CUTS = 60  # around the only face of a photo
_GROUP_CUTS = 18  # around each of several
_LEAST, _MOST = 1.3, 4.0  # the shorter side of a cut, in heights of the face
_SIDE = 1200  # of the photos in a pair, in pixels
_ALLOWED = 0.01  # of the square's side: what may be cut off a face

Place = Callable[[Image.Image], Box]
Picture = tuple[Image.Image, Sequence[Box]]
_CACHE = Path(__file__).parents[3] / ".venv" / "face-photos"


def main() -> None:
    parser = argparse.ArgumentParser(prog=sys.argv[0], description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("folder", nargs="?", type=Path, default=_CACHE, help="where the archives are kept")
    known = list(photos(parser.parse_args().folder))
    people = [each for each in known if len(each.faces) == 1]
    cuts = [cut for photo in people for cut in _cuts(photo, _CUTS)]
    groups = [cut for photo in known if len(photo.faces) > 1 for cut in _cuts(photo, _GROUP_CUTS)]
    pairs = [_pair(left, right) for left, right in permutations(people, 2)]
    possible = [_most_whole(each) for each in groups]
    print(
        f"{len(people)} photos of one person in {len(cuts)} cuts and {len(pairs)} pairs;"
        f" {len(known) - len(people)} of {sum(len(each.faces) for each in known) - len(people)} people"
        f" in {len(groups)} cuts with {sum(possible)} faces that squares can keep\n"
    )
    print(
        "| crop | face whole | faces of groups whole | no face of a group whole | one of two whole | CPU ms |"
    )
    print("|---|---|---|---|---|---|")
    for name, place in _WAYS.items():
        begin = process_time()
        one, many, two = ([_whole(each, place(each[0])) for each in some] for some in (cuts, groups, pairs))
        milliseconds = (process_time() - begin) * 1000 / (len(cuts) + len(groups) + len(pairs))
        none = sum(each == 0 < most for each, most in zip(many, possible, strict=True))
        shares = (
            (sum(one), len(cuts)),
            (sum(many), sum(possible)),
            (none, sum(each > 0 for each in possible)),
            (sum(each > 0 for each in two), len(pairs)),
        )
        percents = " | ".join(f"{100 * part / whole:.0f} %" for part, whole in shares)
        print(f"| {name} | {percents} | {milliseconds:.1f} |", flush=True)


def _cuts(photo: Photo, count: int) -> Iterator[Picture]:
    """Parts of the photo that have all of a face; a shape that the photo has no room for is left out."""
    choose = random.Random("crops")
    image = photo.image
    for number in range(count * len(photo.faces)):
        left, top, right, bottom = photo.faces[number // count]
        shape = _SHAPES[number % len(_SHAPES)]
        shorter = choose.uniform(_LEAST, _MOST) * (bottom - top)
        width, height = shorter * max(shape, 1), shorter * max(1 / shape, 1)
        shrunk = min(1.0, image.width / width, image.height / height)
        width, height = int(width * shrunk), int(height * shrunk)
        if min(width, height) < _LEAST * (bottom - top):
            continue
        x = int(choose.uniform(max(0.0, right - width), min(left, image.width - width)))
        y = int(choose.uniform(max(0.0, bottom - height), min(top, image.height - height)))
        faces = [(face[0] - x, face[1] - y, face[2] - x, face[3] - y) for face in photo.faces]
        yield image.crop((x, y, x + width, y + height)), faces


def _pair(left: Photo, right: Photo) -> Picture:
    """Two photos side by side, of the same height."""
    made, faces, x = Image.new("RGB", (2 * _SIDE, _SIDE)), [], 0
    for _, photo, (face,) in (left, right):
        side = min(photo.size)
        scale = _SIDE / side
        top = int(min(max((face[1] + face[3] - side) / 2, 0), photo.height - side))
        made.paste(photo.crop((0, top, side, top + side)).resize((_SIDE, _SIDE)), (x, 0))
        faces.append(
            (face[0] * scale + x, (face[1] - top) * scale, face[2] * scale + x, (face[3] - top) * scale)
        )
        x += _SIDE
    return made, faces


def _whole(picture: Picture, box: Box) -> int:
    """How many of the faces the square shows whole."""
    image, faces = picture
    slack = _ALLOWED * min(image.size)
    return sum(
        box[0] <= face[0] + slack
        and box[1] <= face[1] + slack
        and box[2] >= face[2] - slack
        and box[3] >= face[3] - slack
        for face in faces
    )


def _most_whole(picture: Picture) -> int:
    """How many faces a square can show whole, wherever it is."""
    image, _ = picture
    room = abs(image.width - image.height)
    steps = (room * step / 200 for step in range(201))
    sideways = image.width > image.height
    return max(_whole(picture, _square(image, at if sideways else 0, 0 if sideways else at)) for at in steps)


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
