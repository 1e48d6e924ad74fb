"""`./scripts/bench local`: the stack on this machine, its start, `run --once`, a warm upload, bursts, and its memory.

Each number stands beside a floor that is measured in the same run: importing the same packages for a start, what the
functions do to the pixels, in as many processes as there are processors, for uploads. On a busy machine, trust CPU
and ratios of CPU.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dev.benchmarks.local_stack import FUNCTIONS_PYTHON, ROOT, bare_work, measured, started
from dev.benchmarks.process_tree import cpu_by_process, memory
from imageservice_operator.operations import uploads
from imageservice_operator.operations.stack import Stack
from local import background

PHOTO = ROOT / "tests/samples/landscape-orientation6.jpg"
IMPORTS = """
from local.patches import interpreter_imports
interpreter_imports.apply()
import hypercorn.asyncio, ministack.app, ministack.services.cloudformation, local.stack, local.stepfunctions.executions
"""
STEP, SMALL = 25, 64
SAMPLE = 10  # photos that the bare work of a burst is measured with


def main() -> None:
    options = argparse.ArgumentParser(prog=sys.argv[0], description=__doc__)
    options.add_argument("photo", nargs="?", type=Path, default=PHOTO)
    options.add_argument("--starts", type=int, default=5)
    options.add_argument("--bursts", type=int, nargs="*", default=[60, 100], metavar="N")
    options.add_argument("--memory", type=int, default=400, metavar="N", help="uploads of a tiny photo")
    options.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there, too")
    chosen = options.parse_args()
    print(f"{os.cpu_count()} processors, load average {os.getloadavg()[0]:.1f}\n")
    results: dict[str, Any] = {"start": _starts(chosen.starts), "once": _once(chosen.photo)}
    with tempfile.TemporaryDirectory(prefix="local-") as folder, started(Path(folder)) as (stack, pid):
        results["warm"] = _warm(stack, pid, chosen.photo)
        results["bursts"] = [_burst(stack, pid, chosen.photo, count) for count in chosen.bursts]
    with tempfile.TemporaryDirectory(prefix="local-") as folder, started(Path(folder)) as (stack, pid):
        results["memory"] = _memory(stack, pid, chosen.memory)
    print(f"\nload average at the end {os.getloadavg()[0]:.1f}")
    if chosen.json:
        chosen.json.write_text(json.dumps(results, indent=1))


def _starts(count: int) -> dict[str, Any]:
    floors, walls, cpus, processes = [], [], [], {}
    for _ in range(count):
        _, wall, used = measured([background.PYTHON, "-c", IMPORTS])
        floors.append((wall, used))
        with tempfile.TemporaryDirectory(prefix="local-") as folder:
            began = time.perf_counter()
            with started(Path(folder)) as (_, pid):
                walls.append(time.perf_counter() - began)
                processes = cpu_by_process(pid)
                cpus.append(processes["stack"])
    with tempfile.TemporaryDirectory(prefix="local-") as folder:
        options = (*background.FREE_PORTS, f"--state-dir={folder}")
        phases = json.loads(measured([background.PYTHON, "-m", "dev.benchmarks.start_phases", *options])[0])
    wall, floor = statistics.median(walls), statistics.median(each for each, _ in floors)
    cpu, floor_cpu = statistics.median(cpus), statistics.median(each for _, each in floors)
    print(
        f"start: ready in {wall:.2f} s (the fastest of {count}: {min(walls):.2f}), imports alone {floor:.2f} s"
    )
    print(
        f"  ratio {wall / floor:.2f}; CPU of the stack's process {cpu:.2f} s, of the imports {floor_cpu:.2f} s"
    )
    print("  CPU by process: " + ", ".join(f"{name} {each:.2f}" for name, each in processes.items()))
    for name, seconds in sorted(phases.items(), key=lambda each: -each[1]):
        print(f"  {seconds * 1000:>6.0f} ms of CPU: {name}")
    return {"wall_s": walls, "cpu_s": cpus, "floors": floors, "by_process": processes, "phases": phases}


def _once(photo: Path) -> dict[str, Any]:
    bare = bare_work(photo, 1)
    took = []
    for _ in range(3):
        with tempfile.TemporaryDirectory(prefix="local-") as folder:
            options = (*background.FREE_PORTS, f"--state-dir={folder}")
            _, wall, used = measured([ROOT / "scripts/run", "--once", photo, *options])
            took.append((wall, used))
    wall, cpu = (statistics.median(each) for each in zip(*took, strict=True))
    print(f"\nrun --once {photo.name}: {wall:.1f} s, {cpu:.1f} s of CPU; {_beside(wall, cpu, bare)}")
    return {"took": took, "bare": bare}


def _upload(stack: Stack, photo: Path, names: Sequence[str]) -> float:
    """Seconds from the first upload until all are READY."""
    began = time.perf_counter()
    sent = [uploads.upload(stack, photo, name) for name in names]
    ended = {
        image.status if image else None for _, image in uploads.wait_until_settled(stack, sent, timeout=3600)
    }
    if ended != {"READY"}:
        sys.exit(f"Not all are READY: {ended}")
    return time.perf_counter() - began


def _warm(stack: Stack, pid: int, photo: Path) -> dict[str, Any]:
    bare = bare_work(photo, 1)
    first = _upload(stack, photo, ["first.jpg"])
    before = sum(cpu_by_process(pid).values())
    walls = [_upload(stack, photo, [f"warm-{number}.jpg"]) for number in range(5)]
    cpu = (sum(cpu_by_process(pid).values()) - before) / len(walls)
    wall = statistics.median(walls)
    print(
        f"\nan upload: the first {first:.2f} s, a warm one {wall:.2f} s, {cpu:.2f} s of CPU; {_beside(wall, cpu, bare)}"
    )
    return {"first_s": first, "warm_s": walls, "cpu_s": cpu, "bare": bare}


def _burst(stack: Stack, pid: int, photo: Path, count: int) -> dict[str, Any]:
    sample = min(count, SAMPLE)
    bares = [bare_work(photo, sample)]
    before = cpu_by_process(pid)
    wall = _upload(stack, photo, [f"burst-{count}-{number}.jpg" for number in range(count)])
    used = {name: seconds - before.get(name, 0) for name, seconds in cpu_by_process(pid).items()}
    held = memory(pid)
    bares.append(bare_work(photo, sample))  # around the burst, because other load on the machine changes
    bare = {name: statistics.mean(each[name] for each in bares) * count / sample for name in bares[0]}
    print(
        f"burst of {count}: {wall:.1f} s, {sum(used.values()):.1f} s of CPU; {_beside(wall, sum(used.values()), bare)}"
    )
    print(
        f"  CPU by process: {', '.join(f'{name} {each:.1f}' for name, each in used.items())}; {held / 1e6:,.0f} MB"
    )
    return {"count": count, "wall_s": wall, "cpu_s": used, "bare": bare, "bytes": held}


def _beside(wall: float, cpu: float, bare: dict[str, float]) -> str:
    work = f"the bare work {bare['wall_s']:.2f} s, {bare['cpu_s']:.2f} s of CPU"
    return f"{work}: ratio {wall / bare['wall_s']:.2f}, of CPU {cpu / bare['cpu_s']:.2f}"


def _memory(stack: Stack, pid: int, count: int) -> list[dict[str, int]]:
    """The memory of all processes (PSS) and of the stack's own, after each step of uploads."""
    print(f"\n{'uploads':>8}{'all MB':>9}{'stack MB':>10}")
    curve = []
    with tempfile.TemporaryDirectory() as folder:
        photo = Path(folder) / "tiny.jpg"
        measured(
            [
                FUNCTIONS_PYTHON,
                "-c",
                f"from PIL import Image; Image.new('RGB', ({SMALL}, {SMALL})).save('{photo}')",
            ]
        )
        for uploaded in range(0, count + 1, STEP):
            if uploaded:
                _upload(stack, photo, [f"tiny-{uploaded}-{number}.jpg" for number in range(STEP)])
            curve.append({"uploads": uploaded, "all": memory(pid), "stack": memory(pid, below=False)})
            print(f"{uploaded:>8}{curve[-1]['all'] / 1e6:>9.0f}{curve[-1]['stack'] / 1e6:>10.0f}", flush=True)
    return curve


if __name__ == "__main__":
    main()
