"""A contender's job and its answer: one line of JSON each, over its standard input and output.

Job: {"source": path, "sizes": [{"name", "width", "height"?}], "formats": {name: settings}, "moving", "out": folder?}
Answer: {"cpu_ms", "wall_ms", "peak_kb", "bytes": {"size.format": n}}, or {"unreadable": why}
CPU time is user and system time of all threads; peak memory is the process's since its start.
"""

import json
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

# An encoder's settings under Pillow's names; none for its defaults. `mozjpeg` is sharp's own.
FormatSettings = dict[str, Any]


class Unreadable(Exception):
    """The contender can't read such a file."""


@dataclass(frozen=True)
class TargetSize:
    """A width, the aspect ratio unchanged; with a `height`, exactly both, the image cropped to fill them."""

    name: str
    width: int
    height: int | None = None


@dataclass(frozen=True)
class Job:
    """One source brought to each size, and each of these encoded in each format; written to `out` if it is given."""

    source: str
    sizes: tuple[TargetSize, ...]
    formats: dict[str, FormatSettings]
    out: str | None = None
    moving: bool = False

    def to_json(self) -> str:
        sizes = [
            {"name": s.name, "width": s.width} | ({"height": s.height} if s.height else {})
            for s in self.sizes
        ]
        return json.dumps({**vars(self), "sizes": sizes})

    @classmethod
    def from_json(cls, line: str) -> "Job":
        read = json.loads(line)
        return cls(**{**read, "sizes": tuple(TargetSize(**size) for size in read["sizes"])})


class Written(NamedTuple):
    size: str
    format: str
    data: bytes


def serve(run: Callable[[Job], list[Written]], used: Callable[[], float] = time.process_time) -> None:
    """Answers jobs until standard input ends. `used` is the CPU time so far, in seconds."""
    for line in sys.stdin:
        job = Job.from_json(line)
        cpu, wall = used(), time.perf_counter()
        try:
            written = run(job)
        except Unreadable as error:
            print(json.dumps({"unreadable": str(error)}), flush=True)
            continue
        cpu, wall = used() - cpu, time.perf_counter() - wall
        if job.out:
            folder = Path(job.out)
            folder.mkdir(parents=True, exist_ok=True)
            for size, name, data in written:
                (folder / f"{size}.{name}").write_bytes(data)
        answer = {
            "cpu_ms": 1000 * cpu,
            "wall_ms": 1000 * wall,
            "peak_kb": _peak_kb(),
            "bytes": {f"{size}.{name}": len(data) for size, name, data in written},
        }
        print(json.dumps(answer), flush=True)


def _peak_kb() -> int:
    """Not getrusage(): its maximum starts with what the parent had when it forked."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) if found else 0
