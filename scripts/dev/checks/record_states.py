"""Records what the states of the workflows are evaluated on, for tests/integration/local_stack/test_jsonata.py:
`python -m dev.checks.record_states [TESTS]`. It runs the tests that go through the workflows, which takes some minutes,
or only the given ones, and adds what these go through to what is recorded.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from dev.checks import ROOT
from dev.checks.machines import machines
from dev.checks.recording import FOLDER

RECORDED = ROOT / "tests/integration/local_stack/recorded_states.jsonl"
TESTS = (
    "tests/integration/operations",
    "tests/integration/workflows",
    "tests/e2e/test_order_and_repetition.py",
)
# A line of a .pth file that begins with "import" is run when Python starts.
HOOK = (
    f"import os; os.environ.get({FOLDER!r}) and __import__('dev.checks.recording', fromlist=['x']).start()\n"
)
# Where the functions' code is on this machine.
_CODE = re.compile(r'/[^"\\ ]*?/(?:site-packages|functions/[0-9a-f]{24})/')
_SAMPLES = 2  # of each state and phase


def main() -> int:
    tests = sys.argv[1:] or TESTS
    (site_packages,) = ROOT.glob(".venv/local/lib/python3*/site-packages")
    hook = site_packages / "record_states.pth"
    with tempfile.TemporaryDirectory() as folder:
        hook.write_text(HOOK)
        try:
            command = [str(ROOT / ".venv/test/bin/pytest"), "-q", *tests]
            ended = subprocess.run(command, cwd=ROOT, env={**os.environ, FOLDER: folder}, check=False)
        finally:
            hook.unlink()
        known = map(json.loads, RECORDED.read_text().splitlines() if sys.argv[1:] else ())
        lines = sorted(condensed(chain(known, recorded(Path(folder)))), key=lambda line: line[:3])
    RECORDED.write_text("".join(f"{json.dumps(line, sort_keys=True)}\n" for line in lines))
    print(f"{len(lines)} recorded in {RECORDED.relative_to(ROOT)}")
    return ended.returncode


def recorded(folder: Path) -> Iterator[list[Any]]:
    """Machine, state, phase and bindings of each evaluation, the machine by its name in the template."""
    names = sorted(
        (machine.name for machine in machines()), key=len, reverse=True
    )  # of two that fit, the longer
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text().splitlines():
            deployed, state, phase, bindings = json.loads(_CODE.sub("/var/task/", line))
            plain = deployed.lower().replace("-", "")
            name = next((each for each in names if each.lower() in plain), None)
            if name:
                yield [name, state, phase, bindings]


def condensed(lines: Iterable[list[Any]]) -> Iterator[list[Any]]:
    """A few evaluations of each state and phase: the shortest of each shape."""
    shortest: dict[tuple[str, str, str], dict[str, tuple[int, list[Any]]]] = {}
    for line in lines:
        shapes = shortest.setdefault((line[0], line[1], line[2]), {})
        size, shape = len(json.dumps(line)), _shape(line[3])
        if shape not in shapes or size < shapes[shape][0]:
            shapes[shape] = size, line
    for shapes in shortest.values():
        yield from (line for _, line in sorted(shapes.values(), key=lambda each: each[0])[:_SAMPLES])


def _shape(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{_shape(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(sorted({_shape(each) for each in value})) + "]"
    return type(value).__name__[0]


if __name__ == "__main__":
    sys.exit(main())
