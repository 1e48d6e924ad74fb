"""`./scripts/bench images`: the image engine against naive Pillow, pyvips and sharp, interleaved in one run.

Three measurements on real photos: one JPEG per width; the whole job (five sizes in three formats); and the peak memory
of a 50-megapixel JPEG brought to a width of 1920. Writes docs/benchmarks/images.json, docs/images.md's table and the
plot beside it.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

from dev import samples
from dev.benchmarks import images_report
from dev.benchmarks.job import Job, Wanted
from dev.benchmarks.processes import NAIVE, OURS, ROOT, SHARP, SHARP_DEFAULTS, VIPS, Contender, Process
from dev.benchmarks.quality import quality
from imageservice.engine.encode import QUALITY, SETTINGS

SIZES = (
    Wanted("thumb", 160, 160),
    Wanted("w320", 320),
    Wanted("w640", 640),
    Wanted("w1280", 1280),
    Wanted("w1920", 1920),
)
WIDTHS = tuple(Wanted(f"w{width}", width) for width in (160, 320, 640, 1280, 1920))
FORMATS = ("avif", "webp", "jpeg")
SAME: dict[str, Any] = {name: SETTINGS[name] | {"quality": QUALITY[name]} for name in FORMATS}
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
    one = {"jpeg": SAME["jpeg"]}
    return {
        "widths": _compare(
            (NAIVE, OURS, VIPS, SHARP, SHARP_DEFAULTS), photos, WIDTHS, one, rounds, folder / "widths"
        ),
        "job": _compare(
            (NAIVE, OURS, VIPS, SHARP, SHARP_DEFAULTS), photos, SIZES, SAME, rounds, folder / "job"
        ),
        "memory": _memory(folder),
        "rounds": rounds,
        "photos": [Path(photo).name for photo in photos],
        "seconds": round(time.time() - started),
    }


@contextmanager
def _running(contenders: Sequence[Contender]) -> Iterator[list[Process]]:
    processes = [Process(contender) for contender in contenders]
    try:
        yield processes
    finally:
        for process in processes:
            process.close()


def _compare(
    contenders: Sequence[Contender],
    photos: Sequence[str],
    sizes: Sequence[Wanted],
    formats: dict[str, Any],
    rounds: int,
    folder: Path,
) -> dict[str, dict[str, Any]]:
    """contender → size → cpu_ms, and per format bytes, ssim, psnr."""
    times: dict[tuple[str, str, str], list[float]] = {}
    made: dict[tuple[str, str, str, str], tuple[int, Path, str]] = {}
    with _running(contenders) as processes:
        for turn in range(rounds + 1):
            for photo in photos:
                for size in sizes:
                    for process in processes:
                        name = process.contender.name
                        if turn > 1 and process.contender.defaults and len(formats) > 1:
                            continue  # its AVIF takes minutes: once is enough
                        asked = dict.fromkeys(formats, "defaults") if process.contender.defaults else formats
                        out = folder / name / Path(photo).stem
                        answer = process.ask(Job(photo, (size,), asked, str(out) if turn == 0 else None))
                        if turn == 0:  # a warm-up that is not timed: its files are judged
                            for file, length in answer["bytes"].items():
                                made[name, size.name, file.rpartition(".")[2], photo] = (
                                    length,
                                    out / file,
                                    photo,
                                )
                        else:
                            times.setdefault((name, size.name, photo), []).append(answer["cpu_ms"])
            print(f"  round {turn} of {rounds}", file=sys.stderr, flush=True)
    results: dict[str, dict[str, Any]] = {}
    for contender in contenders:
        by_size = results.setdefault(contender.name, {})
        for size in sizes:
            medians = [statistics.median(times[contender.name, size.name, photo]) for photo in photos]
            by_size[size.name] = {"cpu_ms": statistics.mean(medians), "formats": {}}
            for name in formats:
                files = [made[contender.name, size.name, name, photo] for photo in photos]
                judged = [quality(photo, path, size.height is not None) for _, path, photo in files]
                by_size[size.name]["formats"][name] = {
                    "bytes": statistics.mean(length for length, _, _ in files),
                    "ssim": statistics.mean(each.ssim for each in judged),
                    "psnr": statistics.mean(each.psnr for each in judged),
                }
    return results


def _memory(folder: Path) -> dict[str, float]:
    """Peak memory in MB of a fresh process that brings a 50-megapixel baseline JPEG to a width of 1920."""
    folder.mkdir(parents=True, exist_ok=True)
    big = folder / "big.jpg"
    Image.effect_mandelbrot((BIG[0] // 4, BIG[1] // 4), (-2.2, -1.3, 0.8, 1.3), 100).resize(BIG).convert(
        "RGB"
    ).save(big, quality=90)
    peaks = {}
    for contender in (NAIVE, OURS, VIPS, SHARP):
        with _running((contender,)) as (process,):
            answer = process.ask(Job(str(big), (Wanted("w1920", 1920),), {"jpeg": SAME["jpeg"]}))
        peaks[contender.name] = answer["peak_kb"] / 1024
    return peaks
