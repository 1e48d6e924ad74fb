"""Bugs planted one at a time: each condition of the workflows and each check of the functions taken out.

`python -m simulation.mutants` prints a table of the first history that shows each.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from dev.checks import ROOT

_COPIED = ("functions", "statemachine", "scripts/operator")


@dataclass(frozen=True)
class Mutant:
    """`old` stands once in `file`, and becomes `new`. If `focal`, histories of focal points show it."""

    name: str
    file: str
    old: str
    new: str
    focal: bool = False


def mutants() -> list[Mutant]:
    """Those of mutants.toml."""
    listed = tomllib.loads(Path(__file__).with_name("mutants.toml").read_text())["mutant"]
    return [Mutant(**each) for each in listed]


@dataclass(frozen=True)
class Result:
    """The seed of the first history that ends wrong, after so many histories and CPU seconds; None if none does."""

    seed: int | None
    histories: int
    cpu_s: float
    wrong: str


def hunted(mutant: Mutant, seconds: float, first: int = 1, state: str = "") -> Result:
    """Runs histories on a copy of the service with the bug, for at most so many seconds of CPU.

    With a `state`, only those whose faults or pauses are there above all.
    """
    with TemporaryDirectory() as folder:
        for part in _COPIED:
            shutil.copytree(ROOT / part, Path(folder, part), ignore=shutil.ignore_patterns("__pycache__"))
        file = Path(folder, mutant.file)
        text = file.read_text()
        assert text.count(mutant.old) == 1, f"{mutant.name}: {text.count(mutant.old)} times in {mutant.file}"
        file.write_text(text.replace(mutant.old, mutant.new))
        paths = (
            f"{folder}/functions",
            ROOT / "scripts",
            f"{folder}/scripts/operator",
            ROOT / "tests/support",
        )
        command = [sys.executable, "-W", "ignore", "-m", "simulation", "--no-shrink"]
        options = [
            "--seconds",
            str(seconds),
            "--first",
            str(first),
            "--definitions",
            f"{folder}/statemachine",
            *(("--state", state) if state else ()),
            *(("--focal",) if mutant.focal else ()),
        ]
        ended = subprocess.run(
            [*command, *options],
            env={**os.environ, "PYTHONPATH": ":".join(map(str, paths)), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.stdout, ended.stderr[-2000:]
    # The functions write their metrics there, too.
    line = next(line for line in map(json.loads, ended.stdout.splitlines()) if "histories" in line)
    wrong = line.get("wrong", [""])[0]
    return Result(line.get("seed"), line["histories"], line["cpu_s"], wrong)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only bugs whose names contain one of these")
    parser.add_argument("--seconds", type=float, default=300, help="the most CPU seconds for each")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--state", default="", help="only histories that are hard on this state")
    options = parser.parse_args()
    print("| planted bug | first seed | histories | CPU s | what it finds |\n|---|---|---|---|---|")
    for mutant in mutants():
        if options.names and not any(name in mutant.name for name in options.names):
            continue
        found = hunted(mutant, options.seconds, options.first, options.state)
        print(
            f"| {mutant.name} | {found.seed or '–'} | {found.histories} | {found.cpu_s} | {found.wrong[:110]} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
