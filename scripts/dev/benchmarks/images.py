"""`./scripts/bench images`: the image engine against naive Pillow, pyvips and sharp, interleaved in one run.

Three measurements on real photos: one JPEG per width; the whole job (five sizes in three formats); and the peak memory
of a 50-megapixel JPEG brought to a width of 1920. Writes docs/benchmarks/images.json, docs/images.md's table and the
plot beside it.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from dev import samples
from dev.benchmarks import images_report
from dev.benchmarks.comparison import Task, compare, running
from dev.benchmarks.job import FormatSettings, Job, TargetSize
from dev.benchmarks.processes import CONTENDERS
from dev.checks import ROOT
from imageservice.core import formats
from imageservice.engine.encode import SETTINGS

SIZES = (
    TargetSize("thumb", 160, 160),
    TargetSize("w320", 320),
    TargetSize("w640", 640),
    TargetSize("w1280", 1280),
    TargetSize("w1920", 1920),
)
WIDTHS = tuple(TargetSize(f"w{width}", width) for width in (160, 320, 640, 1280, 1920))
FORMATS = ("avif", "webp", "jpeg")
SAME: dict[str, FormatSettings] = {
    name: SETTINGS[name] | {"quality": formats.FORMATS[name].quality} for name in FORMATS
}
BIG = (8660, 5773)


def main() -> None:
    parser = argparse.ArgumentParser(prog=sys.argv[0], description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument(
        "photos", nargs="*", type=Path, help="photos to measure with (JPEG; default: the samples)"
    )
    parser.add_argument("--rounds", type=int, default=3, help="how often each job is timed (default: 3)")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where table and plot are written")
    options = parser.parse_args()
    if missing := [str(photo) for photo in options.photos if not photo.is_file()]:
        sys.exit(f"no such photo: {', '.join(missing)}")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        try:
            photos = options.photos or samples.photos(Path(folder))
        except samples.MissingSample as error:
            sys.exit(str(error))
        results = measure([str(photo.resolve()) for photo in photos], options.rounds, Path(folder))
    images_report.write(results, options.docs)
    print(images_report.table(results))
    print(images_report.verdict(results))


def measure(photos: Sequence[str], rounds: int, folder: Path) -> dict[str, Any]:
    """All three measurements; times in ms of CPU, medians over rounds, means over photos."""
    started = time.time()
    one_jpeg = Task(photos, WIDTHS, {"jpeg": SAME["jpeg"]})
    whole_job = Task(photos, SIZES, SAME)
    return {
        "widths": compare(one_jpeg, CONTENDERS, rounds, folder / "widths"),
        "job": compare(whole_job, CONTENDERS, rounds, folder / "job"),
        "memory": _memory(folder),
        "rounds": rounds,
        "photos": [Path(photo).name for photo in photos],
        "seconds": round(time.time() - started),
    }


def _memory(folder: Path) -> dict[str, float]:
    """Peak memory in MB of a fresh process that brings a 50-megapixel baseline JPEG to a width of 1920."""
    folder.mkdir(parents=True, exist_ok=True)
    big = folder / "big.jpg"
    Image.effect_mandelbrot((BIG[0] // 4, BIG[1] // 4), (-2.2, -1.3, 0.8, 1.3), 100).resize(BIG).convert(
        "RGB"
    ).save(big, quality=90)
    peaks = {}
    for contender in (each for each in CONTENDERS if each.measures_memory):
        with running((contender,)) as (process,):
            answer = process.ask(Job(str(big), (TargetSize("w1920", 1920),), {"jpeg": SAME["jpeg"]}))
        peaks[contender.name] = answer["peak_kb"] / 1024
    return peaks
