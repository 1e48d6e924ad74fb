"""What a bulk upload on a local stack consists of, and how each image must end, however long its upload waits."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dev.samples import STORED

Kind = Literal["photo", "broken", "same", "replaced", "removed", "twice"]
KINDS: Mapping[Kind, str] = {
    "photo": "uploaded once",
    "broken": "not an image, cut off, or a decompression bomb",
    "same": "the same bytes are uploaded again while the first upload waits",
    "replaced": "another photo is uploaded while the first waits",
    "removed": "the original is deleted while its upload waits",
    "twice": "S3's event is delivered twice",
}
MIXED = tuple(kind for kind in KINDS if kind != "photo")
"""The kinds that are not photos which are uploaded once."""
PHOTOS = tuple(
    STORED / name
    for name in ("astronaut.jpg", "chart.png", "trees-alpha.png", "cmyk-icc-segments.jpg", "gray-16bit.tif")
)
_MOST_STEPS_BETWEEN = 5


@dataclass(frozen=True)
class Put:
    """An upload of this file's bytes, or of its first half."""

    file: Path
    half: bool = False

    def body(self) -> bytes:
        data = self.file.read_bytes()
        return data[: len(data) // 2] if self.half else data


Step = Put | Literal["delete", "deliver again"]


@dataclass(frozen=True)
class Planned:
    """An image: its steps, `after` how many steps of others each comes, and the status that it must end with."""

    id: str
    kind: Kind
    steps: Sequence[Step]
    after: Sequence[int]
    ends: Literal["READY", "REJECTED", "DELETED"]

    @property
    def served(self) -> Path | None:
        """The photo that is served at the end."""
        puts = [step for step in self.steps if isinstance(step, Put)]
        return puts[-1].file if self.ends == "READY" else None


_BROKEN = (
    Put(STORED / "README.md"),
    Put(STORED / "astronaut.jpg", half=True),
    Put(STORED / "bomb-4gigapixel.gif"),
    Put(STORED / "broken-header.jpg"),
)


def mixed(
    uploads: int, percent: Mapping[Kind, int], photos: Sequence[Path] = PHOTOS, seed: int = 1
) -> list[Planned]:
    """So many images, of each kind so many percent, at random places; the others are photos."""
    choose = random.Random(seed)
    kinds: list[Kind] = [kind for kind, share in percent.items() for _ in range(round(uploads * share / 100))]
    others: list[Kind] = ["photo"] * (uploads - len(kinds))
    kinds = kinds[:uploads] + others
    choose.shuffle(kinds)
    return [_planned(number, kind, photos, choose) for number, kind in enumerate(kinds)]


def _planned(number: int, kind: Kind, photos: Sequence[Path], choose: random.Random) -> Planned:
    first = Put(photos[number % len(photos)])
    steps: Sequence[Step] = [first]
    match kind:
        case "broken":
            steps = [_BROKEN[number % len(_BROKEN)]]
        case "same":
            steps = [first, first]
        case "replaced":
            steps = [first, Put(photos[(number + 1) % len(photos)])]
        case "removed":
            steps = [first, "delete"]
        case "twice":
            steps = [first, "deliver again"]
    ends: Mapping[Kind, Literal["REJECTED", "DELETED"]] = {"broken": "REJECTED", "removed": "DELETED"}
    after = [0, *(choose.randint(1, _MOST_STEPS_BETWEEN) for _ in steps[1:])]
    return Planned(f"bulk/{number}", kind, steps, after, ends.get(kind, "READY"))


def in_order(images: Sequence[Planned]) -> Iterator[tuple[Planned, int]]:
    """Each step of each image, by its number: first steps in the images' order, further ones as late as planned."""
    places = []
    for number, image in enumerate(images):
        place = number
        for step, after in enumerate(image.after):
            place += after
            places.append((place, step, number))
    yield from ((images[number], step) for _, step, number in sorted(places))
