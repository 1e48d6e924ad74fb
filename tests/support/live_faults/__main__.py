"""Two hundred uploads under fault on a running stack, repaired, and compared with an orderly run.

`PYTHONPATH=functions:scripts:scripts/operator:tests/support .venv/test/bin/python -m live_faults --seed 7`
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from service import Service

from dev.checks import ROOT
from live_faults import orderly
from live_faults.history import History
from live_faults.release import release
from local import background


@dataclass(frozen=True)
class Found:
    """What was wrong at the end, nothing if all was well; and the numbers of the run."""

    wrong: list[str]
    numbers: dict[str, object]


def run(
    state_dir: Path, seed: int, *, uploads: int, keys: int, rate: float, seconds: float = 0, root: Path = ROOT
) -> Found:
    """Runs a history on a stack of its own, which is deployed from `root`; and compares."""
    begun = time.monotonic()
    with _started(state_dir, root) as service:
        history = History(service, state_dir, seed, rate, keys)
        history.run(uploads, seconds)
        under_fault = time.monotonic() - begun
        history.repair()
        wrong = orderly.differences(history)
        log = [json.loads(line) for line in (state_dir / "faults.log").read_text().splitlines()]
        numbers = {
            "seed": seed,
            "operations": dict(history.counts),
            "executions": history.executions(),
            "faults": dict(Counter(each["fault"] for each in log)),
            "calls that had some": dict(Counter(each["call"].rpartition(" ")[0] for each in log)),
            "seconds under fault": round(under_fault),
            "seconds": round(time.monotonic() - begun),
        }
    return Found(wrong, numbers)


@contextmanager
def _started(state_dir: Path, root: Path) -> Iterator[Service]:
    with TemporaryDirectory() as folder:
        program = Path(__file__).with_name("faulty_stack.py")
        template = release(root, Path(folder))
        options = (f"--template={template}",)
        with background.started(state_dir, *options, command=(str(program), "serve")) as stack:
            yield Service(stack)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--uploads", type=int, default=200)
    parser.add_argument("--keys", type=int, default=30)
    parser.add_argument("--rate", type=float, default=0.1, help="the part of all calls that fails")
    parser.add_argument("--seconds", type=float, default=0, help="go on for at least so long")
    parser.add_argument("--root", type=Path, default=ROOT, help="the service to deploy")
    parser.add_argument("--state-dir", type=Path, help="where the stack's logs and the list of faults stay")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        found = run(
            options.state_dir or Path(folder),
            options.seed,
            uploads=options.uploads,
            keys=options.keys,
            rate=options.rate,
            seconds=options.seconds,
            root=options.root,
        )
    print(json.dumps(found.numbers, indent=1))
    print(*found.wrong, sep="\n")
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
