"""`./scripts/bench operator`: every page of the console and every command that reads, on a stack with very many images.

Bytes and CPU of each page, CPU and peak memory of each command; the same commands on a hundredth of it, because memory
should not grow with the stack. A stack of its own is filled for it (see crowded_stack).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from imageservice_operator.operations import images, uploads
from imageservice_operator.operations.stack import Stack
from local import background

ROOT = Path(__file__).resolve().parents[3]
MOST_BYTES, MOST_CPU_MS = 200_000, 300
"""What a page may take."""
_TIMES = 4  # how often a page is fetched; the first time, it fills the console's caches
_READY, _FAILED = "shop/photo.jpg", "shop/stopped.jpg"


@dataclass(frozen=True)
class Crowd:
    """How many there are of each; the failures are among the images and the executions."""

    images: int
    failures: int
    executions: int

    def hundredth(self) -> Crowd:
        return Crowd(self.images // 100, self.failures // 100, self.executions // 100)


def main() -> None:
    options = argparse.ArgumentParser(prog=sys.argv[0], description=__doc__)
    options.add_argument("--images", type=int, default=100_000)
    options.add_argument("--failures", type=int, default=5_000)
    options.add_argument("--executions", type=int, default=10_000)
    options.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there, too")
    chosen = options.parse_args()
    crowd = Crowd(chosen.images, chosen.failures, chosen.executions)
    with _crowded(crowd.hundredth()) as small:
        few = {name: _command(small, arguments) for name, arguments in _commands(small).items()}
    with _crowded(crowd) as stack:
        pages = _pages(stack)
        many = {name: _command(stack, arguments) for name, arguments in _commands(stack).items()}
    print(f"{crowd.images:,} images, {crowd.failures:,} failures, {crowd.executions:,} executions\n")
    print(f"{'page':<44}{'kB':>8}{'CPU ms':>9}{'at first':>10}{'with background':>17}")
    over = []
    for name, page in pages.items():
        cpu = f"{page['cpu_ms']:>9.0f}{page['first_cpu_ms']:>10.0f}{page['all_cpu_ms']:>17.0f}"
        print(f"{name:<44}{page['bytes'] / 1000:>8.0f}{cpu}")
        if page["bytes"] > MOST_BYTES or page["cpu_ms"] > MOST_CPU_MS:
            over.append(name)
    print(f"\n{'command':<44}{'MB':>8}{'of 1 %':>9}{'CPU ms':>9}")
    for name, took in many.items():
        peak, before = took["peak_bytes"] / 1e6, few[name]["peak_bytes"] / 1e6
        print(f"images {name:<37}{peak:>8.0f}{before:>9.0f}{took['cpu_ms']:>9.0f}")
    if chosen.json:
        chosen.json.write_text(json.dumps({"pages": pages, "commands": many, "of_1_percent": few}, indent=1))
    if over:
        sys.exit(f"Over {MOST_BYTES:,} bytes or {MOST_CPU_MS} ms: {', '.join(over)}")


@contextlib.contextmanager
def _crowded(crowd: Crowd) -> Iterator[Path]:
    """The state directory of a stack with that many images, failures and executions."""
    with tempfile.TemporaryDirectory(prefix="operator-") as folder:
        state_dir = Path(folder)
        command = ("-m", "dev.benchmarks.crowded_stack", folder, "serve")
        with background.started(state_dir, command=command) as stack:
            _two_images(stack)
            asked = {"table": stack.image_table, "ready": _READY, "failed": _FAILED, **vars(crowd)}
            (state_dir / "crowd.part").write_text(json.dumps(asked))
            (state_dir / "crowd.part").rename(state_dir / "crowd.json")
            while not (state_dir / "crowded").exists():
                if not stack.answers():
                    sys.exit("The stack ended while it was filled.")
                time.sleep(0.2)
            yield state_dir


def _two_images(stack: Stack) -> None:
    """One that is READY, and one that FAILED because its execution was stopped."""
    photo = ROOT / "tests/samples/landscape-orientation6.jpg"
    list(uploads.wait_until_settled(stack, [uploads.upload(stack, photo, _READY)]))
    sent = uploads.upload(stack, photo, _FAILED)
    while not (found := images.get_many(stack, [_FAILED])):
        time.sleep(0.05)
    states = stack.client("stepfunctions")
    states.stop_execution(
        executionArn=str(found[_FAILED].execution), error="Stopped", cause="For the benchmark."
    )
    list(uploads.wait_until_settled(stack, [sent]))
    while images.get(stack, _FAILED).status != "FAILED":
        time.sleep(0.05)


def _pages(state_dir: Path) -> dict[str, dict[str, Any]]:
    stack = Stack.local(state_dir)
    with _console(state_dir) as (address, pid):
        paths = {
            "overview": "/overview",
            "images": "/",
            "images, READY": "/?status=READY",
            "images, FAILED": "/?status=FAILED",
            "images by prefix": f"/?q={quote('shop/photo.jpg-1')}",
            "image": f"/image?id={quote(_READY)}",
            "image that failed": f"/image?id={quote(_FAILED)}",
            "execution": f"/execution?arn={quote(str(images.get(stack, _READY).execution))}",
            "executions": "/executions",
            "executions, FAILED": "/executions?status=ABORTED",
            "executions with an error": "/executions?error=Stopped",
            "executions of an image": f"/executions?image={quote(_READY)}",
            "failures": "/failures",
        }
        return {name: _page(f"{address}{path}", pid) for name, path in paths.items()}


@contextlib.contextmanager
def _console(state_dir: Path) -> Iterator[tuple[str, int]]:
    """A console of its own: its address, and its process."""
    command = [sys.executable, "-m", "imageservice_operator.console", f"--state-dir={state_dir}", "--port=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[-1].rstrip("/"), process.pid
        finally:
            process.terminate()


def _page(address: str, pid: int) -> dict[str, Any]:
    """Its bytes; its CPU at the worst, the first time, and on average with what the console does in the background."""
    took, begin = [], _cpu_ms(pid)
    for _ in range(_TIMES):
        before = _cpu_ms(pid)
        body = httpx.get(address, timeout=600).raise_for_status().content
        took.append(_cpu_ms(pid) - before)
        time.sleep(1)
    print(f"{address}: {len(body):,} bytes, {took} ms", file=sys.stderr, flush=True)
    return {
        "bytes": len(body),
        "cpu_ms": max(took[1:]),
        "first_cpu_ms": took[0],
        "all_cpu_ms": (_cpu_ms(pid) - begin) / _TIMES,
    }


def _cpu_ms(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") * 1000


def _commands(state_dir: Path) -> dict[str, Sequence[str]]:
    execution = str(images.get(Stack.local(state_dir), _READY).execution)
    return {
        "status": ["status"],
        f"status {_READY}": ["status", _READY],
        "list --all --json": ["list", "--all", "--json"],
        "list --status FAILED --all --json": ["list", "--status", "FAILED", "--all", "--json"],
        "failures --json": ["failures", "--json"],
        "executions --json": ["executions", "--json"],
        "executions --counts": ["executions", "--counts"],
        "executions --error Stopped": ["executions", "--error", "Stopped"],
        f"history {_READY}": ["history", _READY],
        "history EXECUTION": ["history", execution],
        "replay --all --dry-run --json": ["replay", "--all", "--dry-run", "--json"],
        "audit --all --json": ["audit", "--all", "--json"],
    }


def _command(state_dir: Path, arguments: Sequence[str]) -> dict[str, Any]:
    """What the command took. Its output goes nowhere."""
    read, write = os.pipe()
    module = "dev.benchmarks.measured_command"
    # A pipe has no number of its own in the child: bash gives it number 3.
    wrapped = ["bash", "-c", f'exec 3>&{write}; exec "$@"', "bash", sys.executable, "-m", module]
    process = subprocess.Popen(
        [*wrapped, *arguments, f"--state-dir={state_dir}"],
        pass_fds=[write],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as took:
        text = took.read()
    process.wait()
    measured: dict[str, Any] = json.loads(text)
    print(f"images {' '.join(arguments)}: {measured}", file=sys.stderr, flush=True)
    return measured


if __name__ == "__main__":
    main()
