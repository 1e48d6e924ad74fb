"""Peers that make renditions when they are asked for, as servers on this machine: thumbor, and Node.js with sharp."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from dev.benchmarks.processes import ENVIRONMENT, node
from dev.checks import ROOT

_THUMBOR = """
ALLOW_UNSAFE_URL = True
LOADER = "thumbor.loaders.file_loader"
FILE_LOADER_ROOT_PATH = "/"
STORAGE = "thumbor.storages.no_storage"
DETECTORS = []
"""
_TICKS = os.sysconf("SC_CLK_TCK")


class Server(NamedTuple):
    """A running server: its process and its port."""

    pid: int
    port: int

    def cpu_seconds(self) -> float:
        """User and system time of the process so far, in steps of 10 ms."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS


def thumbor_path(source: str, size: str, format: str, quality: int | None) -> str:
    """`size` is 640x0 for a width, 160x160 to crop."""
    filters = f"format({format})" + (f":quality({quality})" if quality else "")
    return f"/unsafe/{size}/filters:no_upscale():{filters}{quote(source)}"


@contextmanager
def thumbor(folder: Path) -> Iterator[Server]:
    """thumbor without a storage for originals and results: each request makes the rendition."""
    configuration = folder / "thumbor.conf"
    configuration.write_text(_THUMBOR)
    program = ROOT / ".venv" / "thumbor" / "bin" / "thumbor"
    port = _free_port()
    command = [
        str(program),
        f"--port={port}",
        f"--conf={configuration}",
        "--ip=127.0.0.1",
        "--log-level=error",
    ]
    with _running(command, port) as server:
        yield server


@contextmanager
def node_sharp() -> Iterator[Server]:
    """GET /?source=…&width=…&format=…&quality=…: a server of 20 lines, as sharp's documentation suggests."""
    port = _free_port()
    program = Path(__file__).with_name("sharp_server.mjs")
    with _running([str(node()), str(program), str(ENVIRONMENT), str(port)], port) as server:
        yield server


@contextmanager
def _running(command: Sequence[str], port: int) -> Iterator[Server]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while not _listens(port):
            if process.poll() is not None:
                raise RuntimeError(f"{command[0]} ended with {process.returncode}")
            time.sleep(0.05)
        yield Server(process.pid, port)
    finally:
        process.terminate()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
