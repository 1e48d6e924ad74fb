"""Damaged files: each becomes a rendition or is refused in a plain sentence, in bounded time and memory.

`tests/soak` makes twenty thousand mutations, these tests a few hundred.
"""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from engine_damage import cut, files, holed, outcome, pixels
from PIL import Image

from imageservice.core.limits import Limits

MUTATIONS, SEED = 400, 1
MEMORY = 1_700_000_000
SECONDS_EACH = 20
# One of each decoder; engine_damage.py has them all.
NAMES = [
    "JPEG, progressive",
    "PNG, moving",
    "WebP, alpha",
    "GIF",
    "TIFF, LZW",
    "BMP",
    "HEIC, grid",
    "AVIF, alpha",
]

# The kinds in which no hole goes unnoticed.
CHECKED = [
    "WebP",
    "WebP, alpha",
    "WebP, lossless",
    "WebP, moving",
    "HEIC",
    "TIFF, PackBits",
    "TIFF, fax G3",
    "TIFF, fax G4",
    "AVIF",
    "AVIF, alpha",
    "AVIF, moving",
]


@pytest.fixture(scope="module")
def kinds(samples: Path) -> dict[str, bytes]:
    photo = Image.open(samples / "tomatoes-12mp.jpg")
    photo.draft("RGB", (640, 480))
    return files(photo)


def test_mutated_samples_never_bring_the_process_down(samples: Path, tmp_path: Path) -> None:
    program = Path(__file__).with_name("engine_mutations.py")
    done = subprocess.run(
        [
            *(sys.executable, program),
            *map(str, (MUTATIONS, SEED, MEMORY, SECONDS_EACH)),
            *(samples, tmp_path),
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=60 + MUTATIONS,
        check=False,
    )
    assert done.returncode == 0, (
        f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}\nthe file is kept in {tmp_path}"
    )


def test_the_limits_that_the_fuzz_test_runs_under_are_the_function_s() -> None:
    assert Limits().max_pixels * 16 < MEMORY  # WebP's decoder, which needs the most, takes 16 bytes a pixel


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_is_cut_off_is_never_rendered_wrongly(name: str, kinds: dict[str, bytes]) -> None:
    data = kinds[name]
    whole = pixels(data)
    outcomes = Counter(outcome(damaged, whole) for damaged in list(cut(data))[::4])
    assert outcomes["wrong"] == 0
    assert outcomes["refused"] >= 4


@pytest.mark.parametrize("name", CHECKED)
def test_a_hole_is_never_rendered_wrongly(name: str, kinds: dict[str, bytes]) -> None:
    data = kinds[name]
    whole = pixels(data)
    outcomes = Counter(outcome(damaged, whole) for damaged in list(holed(data))[::3])
    assert outcomes["wrong"] == 0
    assert outcomes["refused"] >= 10
