"""The gate: `python -m dev.checks [STAGE…] [-- PYTEST OPTION…]`, called by `scripts/test`.

Every stage runs, even after another has failed. The last lines sum up, even if the run was interrupted; the very last
is "tests: N passed, N failed". The exit code is 0 only if every stage passed.
"""

import signal
import sys

from dev.checks import coverage_report
from dev.checks.runner import Outcome, Runner
from dev.checks.stages import STAGES, Stage

_USAGE = """Every check and every test, or only the given stages: ./scripts/test [STAGE…] [-- PYTEST OPTION…]

A folder such as `integration` selects all stages in it. With options for pytest, coverage is not measured.
"""


def main(arguments: list[str]) -> int:
    if {"-h", "--help"} & set(arguments[:1]):
        print(_usage())
        return 0
    names, options = arguments, []
    if "--" in arguments:
        names, options = arguments[: arguments.index("--")], arguments[arguments.index("--") + 1 :]
    unknown = [name for name in names if not any(stage.is_called(name) for stage in STAGES)]
    if unknown:
        stages = " ".join(stage.name for stage in STAGES)
        print(f"no such stage: {' '.join(unknown)}; the stages are {stages}", file=sys.stderr)
        return 2
    chosen = [stage for stage in STAGES if any(map(stage.is_called, names)) or not (names or stage.optional)]
    outcomes: list[Outcome] = []
    with Runner(chosen, tuple(options)) as runner:
        try:
            outcomes.extend(runner.run())
            if (
                not runner.interrupted.is_set()
                and not options
                and {s for s in STAGES if s.measured} <= set(chosen)
            ):
                print(coverage_report.of(runner.scratch))
        finally:
            status = sum_up(chosen, outcomes)
        return 128 + signal.SIGINT if runner.interrupted.is_set() else status


def _usage() -> str:
    width = max(len(stage.name) for stage in STAGES)
    lines = [
        f"  {stage.name:{width}}  {stage.about}{' (only if given)' if stage.optional else ''}"
        for stage in STAGES
    ]
    return "\n".join([_USAGE, "Stages:", *lines])


def sum_up(chosen: list[Stage], outcomes: list[Outcome]) -> int:
    passed = [outcome for outcome in outcomes if outcome.passed]
    failed = [outcome.stage.name for outcome in outcomes if not outcome.passed]
    ended = {outcome.stage.name for outcome in outcomes}
    missing = [stage.name for stage in chosen if stage.name not in ended]
    parts = [f"{len(passed)} passed"]
    if failed:
        parts.append(f"failed: {' '.join(failed)}")
    if missing:
        parts.append(f"not run: {' '.join(missing)}")
    print(f"\nstages: {', '.join(parts)}")
    counts = [outcome.tests for outcome in outcomes]
    if any(outcome.stage.is_pytest for outcome in outcomes):
        print(f"tests: {sum(good for good, _ in counts)} passed, {sum(bad for _, bad in counts)} failed")
    return 1 if failed or missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
