"""The same task for every contender, photo by photo in turn, so that other load on the machine affects all equally."""

import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TypedDict

from dev.benchmarks.job import FormatSettings, Job, TargetSize
from dev.benchmarks.processes import Contender, Process
from dev.benchmarks.quality import quality

_JUDGED_BY_EYE = (320, 640)


class FormatResult(TypedDict):
    """Means over the photos, against the photo resized from all its pixels in linear light.

    SSIMULACRA2 is None at widths where it would take minutes.
    """

    bytes: float
    ssim: float
    psnr: float
    ssimulacra2: float | None


class SizeResult(TypedDict):
    """CPU time in ms, of all formats together: the mean over the photos of the median over the rounds."""

    cpu_ms: float
    formats: dict[str, FormatResult]


@dataclass(frozen=True)
class Task:
    """Each photo in each size: one job per pair, which makes all the formats."""

    photos: Sequence[str]
    sizes: Sequence[TargetSize]
    formats: dict[str, FormatSettings]

    def job(self, contender: Contender, photo: str, size: TargetSize, out: Path | None = None) -> Job:
        formats = self.formats
        if contender.defaults:
            formats = dict.fromkeys(formats, "defaults")
        return Job(photo, (size,), formats, str(out) if out else None)

    def rounds(self, contender: Contender, rounds: int) -> int:
        """How often a contender is timed: AVIF at sharp's defaults takes minutes, so once is enough."""
        return 1 if contender.defaults and len(self.formats) > 1 else rounds


@contextmanager
def running(contenders: Sequence[Contender]) -> Iterator[list[Process]]:
    processes = [Process(contender) for contender in contenders]
    try:
        yield processes
    finally:
        for process in processes:
            process.close()


def compare(
    task: Task, contenders: Sequence[Contender], rounds: int, folder: Path
) -> dict[str, dict[str, SizeResult]]:
    """Contender → size → result. The first round is not timed: it leaves its files in `folder`, to be judged."""
    with running(contenders) as processes:
        for process, photo, size in product(processes, task.photos, task.sizes):
            out = _folder(folder, process.contender, photo)
            process.ask(task.job(process.contender, photo, size, out))
        times = _times(task, processes, rounds)
    return {
        contender.name: {
            size.name: SizeResult(
                cpu_ms=statistics.mean(
                    statistics.median(times[contender.name, photo, size.name]) for photo in task.photos
                ),
                formats={name: _judged(task, folder, contender, size, name) for name in task.formats},
            )
            for size in task.sizes
        }
        for contender in contenders
    }


def _times(task: Task, processes: Sequence[Process], rounds: int) -> dict[tuple[str, str, str], list[float]]:
    """Contender, photo and size → CPU ms of each round."""
    times: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for number in range(1, rounds + 1):
        for photo, size, process in product(task.photos, task.sizes, processes):
            contender = process.contender
            if number <= task.rounds(contender, rounds):
                answer = process.ask(task.job(contender, photo, size))
                times[contender.name, photo, size.name].append(answer["cpu_ms"])
        print(f"  round {number} of {rounds}", file=sys.stderr, flush=True)
    return times


def _judged(
    task: Task, folder: Path, contender: Contender, size: TargetSize, format_name: str
) -> FormatResult:
    files = [_folder(folder, contender, photo) / f"{size.name}.{format_name}" for photo in task.photos]
    by_eye = size.width in _JUDGED_BY_EYE
    judged = [
        quality(photo, file, cover=size.height is not None, by_eye=by_eye)
        for photo, file in zip(task.photos, files, strict=True)
    ]
    return FormatResult(
        bytes=statistics.mean(file.stat().st_size for file in files),
        ssim=statistics.mean(each.ssim for each in judged),
        psnr=statistics.mean(each.psnr for each in judged),
        ssimulacra2=statistics.mean(each.ssimulacra2 or 0 for each in judged) if by_eye else None,
    )


def _folder(folder: Path, contender: Contender, photo: str) -> Path:
    return folder / contender.name / Path(photo).stem
