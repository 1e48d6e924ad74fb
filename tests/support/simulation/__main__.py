"""Runs histories: `python -m simulation --seconds 60`, on the definitions in a folder."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from dev.checks import ROOT
from simulation.focal import focal_history
from simulation.history import random_history
from simulation.runner import runner


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--definitions", type=Path, default=ROOT / "statemachine")
    parser.add_argument("--state", help="only histories whose faults or pauses are in this state above all")
    parser.add_argument("--focal", action="store_true", help="histories of focal points (simulation.focal)")
    parser.add_argument("--no-shrink", action="store_true")
    parser.add_argument("--go-on", action="store_true")
    options = parser.parse_args()
    begun, done, executions, failed = time.process_time(), 0, 0, 0
    with runner(options.definitions) as running:
        for seed in range(options.first, options.first + options.count):
            if time.process_time() - begun > options.seconds:
                break
            history = focal_history(seed) if options.focal else random_history(seed)
            if options.state and options.state not in history.focus.failing | history.focus.slow:
                continue
            found = running.run(history)
            done, executions = done + 1, executions + found.executions
            if found.wrong:
                failed += 1
                spent = time.process_time() - begun
                print(
                    json.dumps(
                        {"seed": seed, "histories": done, "cpu_s": round(spent, 1), "wrong": found.wrong}
                    )
                )
                if not options.no_shrink:
                    small = running.shrunk(history)
                    print(small.described(), running.run(small).wrong)
                if not options.go_on:
                    return 1
    spent = time.process_time() - begun
    print(
        json.dumps({"histories": done, "executions": executions, "cpu_s": round(spent, 1), "failed": failed})
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
