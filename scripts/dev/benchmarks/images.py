"""`./scripts/bench images`: the image engine beside naive Pillow, pyvips, sharp and thumbor, on each kind of image.

The whole job of each kind: five sizes in three formats, interleaved, with the same malloc settings and one thread each.
Every rendition is judged by SSIM, SSIMULACRA2 and Butteraugli against all of the image, shrunk in linear light. Also:
bytes and CPU time at equal SSIMULACRA2, CPU time by stage, and the peak memory of a 50-megapixel JPEG.
Writes docs/images-benchmark.json, the plots beside it and the tables of docs/images.md; kinds that are not measured
keep their numbers of the run before. With --files it measures your own images, and writes nothing.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PIL import Image

from dev import samples
from dev.benchmarks import equal, images_plot, images_report, kinds, stages
from dev.benchmarks.comparison import compare
from dev.benchmarks.job import Job, TargetSize
from dev.benchmarks.processes import CONTENDERS, Contender, running
from dev.benchmarks.progress import Bar
from dev.checks import ROOT

BIG = (8660, 5773)
_MEASURED_MEMORY = ("naive Pillow", "ours", "pyvips", "sharp")


def main() -> None:
    options = _parsed()
    contenders = [each for each in CONTENDERS if each.name not in options.without]
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        if options.files:
            _measure_own(options, contenders, Path(directory))
        else:
            _renew_docs(options, contenders, Path(directory))


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=sys.argv[0], description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("kinds", nargs="*", help="parts of the names of kinds, such as phone (default: all)")
    kinds.add_files_to(parser)
    parser.add_argument("--rounds", type=int, default=3, help="how often each job is timed (default: 3)")
    parser.add_argument(
        "--without",
        nargs="*",
        default=[],
        help="contenders to leave out, such as thumbor; their earlier results are kept",
    )
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where tables and plots are written")
    options = parser.parse_args()
    if options.files and options.kinds:
        parser.error("name either kinds or --files")
    return options


def _measure_own(options: argparse.Namespace, contenders: Sequence[Contender], folder: Path) -> None:
    own = kinds.of_files(options.files)
    bar = Bar(len(own))
    results: dict[str, Any] = {"kinds": {}}
    for place, kind in enumerate(own):
        bar.part(kind.name)
        results["kinds"][kind.name] = _measured(kind, contenders, options.rounds, folder / str(place), bar)
    bar.close()
    print(images_report.tables(results))


def _renew_docs(options: argparse.Namespace, contenders: Sequence[Contender], folder: Path) -> None:
    """Measures the kinds that are asked for, and writes the tables and plots of all."""
    try:
        all_kinds = kinds.gather(folder)
    except samples.MissingSample as error:
        sys.exit(str(error))
    asked = [
        kind for kind in all_kinds if not options.kinds or any(part in kind.name for part in options.kinds)
    ]
    if not asked:
        sys.exit(f"no such kind; there are: {'; '.join(kind.name for kind in all_kinds)}")
    file = options.docs / "images-benchmark.json"
    results = json.loads(file.read_text()) if file.exists() else {"kinds": {}}
    bar = Bar(len(asked) + 1)
    for kind in asked:
        bar.part(kind.name)
        before = results["kinds"].get(kind.name, {"contenders": {}})["contenders"]
        measured = _measured(kind, contenders, options.rounds, folder / kind.name, bar)
        measured["contenders"] = before | measured["contenders"]
        results["kinds"][kind.name] = measured
    bar.part("memory")
    if not options.kinds or "memory" not in results:
        results["memory"] = _memory(folder, bar)
    bar.close()
    results["kinds"] = {
        kind.name: results["kinds"][kind.name] for kind in all_kinds if kind.name in results["kinds"]
    }
    file.write_text(json.dumps(results, indent=1) + "\n")
    images_report.write(results, options.docs / "images.md")
    images_plot.plot(results, options.docs)
    print(images_report.tables(results))


def _measured(
    kind: kinds.Kind, contenders: Sequence[Contender], rounds: int, folder: Path, bar: Bar
) -> dict[str, Any]:
    found = compare(kind, contenders, rounds, folder, bar.step)
    measured: dict[str, Any] = {
        "date": datetime.now(UTC).date().isoformat(),
        "rounds": rounds,
        "photo": kind.photo,
        "source_bytes": kind.file.stat().st_size,
        "contenders": found,
    }
    if kind.moving:
        return measured
    measured["stages"] = stages.measured(kind, bar.step)
    if "jpeg" in kind.formats:
        measured["frontier"] = equal.frontier(kind, bar.step)
    if found.get("sharp") and (ours := found.get("ours")):
        measured["equal_sharp"] = equal.sharp_at_equal(kind, ours, rounds, folder, bar.step)
    return measured


def _memory(folder: Path, bar: Bar) -> dict[str, float]:
    """Peak memory in MB of a fresh process that brings a 50-megapixel baseline JPEG to a width of 1920."""
    big = folder / "big.jpg"
    quarter = Image.effect_mandelbrot((BIG[0] // 4, BIG[1] // 4), (-2.2, -1.3, 0.8, 1.3), 100)
    quarter.resize(BIG).convert("RGB").save(big, quality=90)
    peaks = {}
    for contender in (each for each in CONTENDERS if each.name in _MEASURED_MEMORY):
        bar.step(contender.name)
        with running((contender,)) as (process,):
            answer = process.ask(Job(str(big), (TargetSize("w1920", 1920),), {"jpeg": {"quality": 80}}))
        peaks[contender.name] = answer["peak_kb"] / 1024
    return peaks
