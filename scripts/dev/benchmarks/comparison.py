"""The same task for every contender, size by size in turn, so that other load on the machine affects all equally."""

import statistics
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypedDict

from PIL import Image, ImageOps

from dev.benchmarks.job import FormatSettings, Job, TargetSize
from dev.benchmarks.judge import Quality, judged
from dev.benchmarks.kinds import Kind
from dev.benchmarks.processes import Contender, Process, running
from imageservice.engine.encode import settings

SIZES = (
    TargetSize("thumb", 160, 160),
    TargetSize("w320", 320),
    TargetSize("w640", 640),
    TargetSize("w1280", 1280),
    TargetSize("w1920", 1920),
)
JUDGED_SIZE = "w640"
_JUDGED_THROUGHOUT = ("ours", "sharp")
Progress = Callable[[str], None]


class FormatResult(TypedDict):
    """One rendition: see judge.Quality, which is None where it was not asked for."""

    bytes: int
    ssim: float | None
    ssimulacra2: float | None
    butteraugli: float | None


class SizeResult(TypedDict):
    """CPU time in ms of all formats together, the median over the rounds."""

    cpu_ms: float
    formats: dict[str, FormatResult]


# Size → result; None for a contender that can't read such a file.
Sizes = dict[str, SizeResult]


def sizes_of(kind: Kind) -> list[TargetSize]:
    """The plan's sizes, without those wider than the image but for the first: they would be the same image."""
    width = displayed(kind)[0]
    narrower = [size for size in SIZES if size.width < width]
    return [*narrower, *(size for size in SIZES[len(narrower) : len(narrower) + 1])]


def displayed(kind: Kind) -> tuple[int, int]:
    with Image.open(kind.file) as opened:
        return ImageOps.exif_transpose(opened).size if not kind.moving else opened.size


def engine_settings(
    kind: Kind, size: TargetSize, qualities: Mapping[str, int] | None = None
) -> dict[str, FormatSettings]:
    """The engine's settings of each format at this size, with other qualities where they are given."""
    width, height = displayed(kind)
    across = min(size.width, width)
    pixels = across * (size.height or round(height * across / width))
    return {name: settings(name, pixels, qualities or {}) for name in kind.formats}


def compare(
    kind: Kind, contenders: Sequence[Contender], rounds: int, folder: Path, progress: Progress
) -> dict[str, Sizes | None]:
    """By contender. The first round leaves its files in `folder`, to be judged."""
    sizes = sizes_of(kind)
    with running(contenders) as processes:
        readable = [process for process in processes if _warm(kind, process, sizes[0])]
        times = _times(kind, readable, sizes, rounds, folder, progress)
    results: dict[str, Sizes | None] = {contender.name: None for contender in contenders}
    for process in readable:
        contender = process.contender
        progress(f"judging {contender.name}")
        results[contender.name] = {
            size.name: SizeResult(
                cpu_ms=statistics.median(times[contender.name, size.name]),
                formats={
                    each: result(
                        kind, folder / contender.name, size, each, by_eye=_is_judged(contender, size)
                    )
                    for each in kind.formats
                },
            )
            for size in sizes
        }
    return results


def _is_judged(contender: Contender, size: TargetSize) -> bool:
    """At every width for the engine and its closest peer; for the others at one: judging takes longer than the jobs."""
    return contender.name in _JUDGED_THROUGHOUT or size.name == JUDGED_SIZE


def job_of(kind: Kind, contender: Contender, size: TargetSize, out: Path | None = None, more: int = 0) -> Job:
    """`more` is added to each quality, up to 97."""
    formats = {name: contender.settings(each) for name, each in engine_settings(kind, size).items()}
    for each in formats.values():
        if "quality" in each:
            each["quality"] = min(each["quality"] + more, 97)
    return Job(str(kind.file), (size,), formats, str(out) if out else None, kind.moving)


def result(
    kind: Kind, folder: Path, size: TargetSize, format_name: str, *, by_eye: bool = True
) -> FormatResult:
    """The rendition in `folder`, judged if asked."""
    file = folder / f"{size.name}.{format_name}"
    quality = judged(kind.file, file, size.height is not None) if by_eye else Quality(None, None, None)
    return FormatResult(
        bytes=file.stat().st_size,
        ssim=quality.ssim,
        ssimulacra2=quality.ssimulacra2,
        butteraugli=quality.butteraugli,
    )


def _warm(kind: Kind, process: Process, size: TargetSize) -> bool:
    """Whether the contender can read the file; what it loads for it, it loads now."""
    return "unreadable" not in process.ask(job_of(kind, process.contender, size))


def _times(
    kind: Kind,
    processes: Sequence[Process],
    sizes: Sequence[TargetSize],
    rounds: int,
    folder: Path,
    progress: Progress,
) -> dict[tuple[str, str], list[float]]:
    """Contender and size → CPU ms of each round. At sharp's defaults AVIF takes long: one round is enough."""
    times: dict[tuple[str, str], list[float]] = defaultdict(list)
    for number in range(rounds):
        for size in sizes:
            for process in processes:
                contender = process.contender
                if number == 0 or contender.encoders != "its own":
                    progress(f"{contender.name}, {size.name}, round {number + 1} of {rounds}")
                    out = folder / contender.name if number == 0 else None
                    answer = process.ask(job_of(kind, contender, size, out))
                    times[contender.name, size.name].append(answer["cpu_ms"])
    return times
