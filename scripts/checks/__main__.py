"""The gate: `python -m checks [STAGE…] [-- PYTEST OPTION…]`; without stages, all of them. Called by `scripts/test`.

Checks and unit tests run two at a time; what needs the local stack runs alone, since it measures and waits. Every
stage runs whatever failed before it; the last lines sum up, and the status is 0 only if all passed.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from checks.template import ROOT

BIN = ROOT / ".venv/test/bin"
PYTEST = (str(BIN / "pytest"), *(["--color=yes"] if sys.stdout.isatty() else []))
LOCAL_STACK = ("environment functions local",)
CONSOLE = ("browser", "environment node") if (ROOT / "tests/e2e/console").exists() else ()


@dataclass(frozen=True)
class Stage:
    """A command that passes or fails; `needs` are what `scripts/environment.sh` is told to set up before it."""

    name: str
    command: tuple[str, ...]
    needs: tuple[str, ...] = ()
    alone: bool = False
    telling: bool = False  # its output is worth reading when it passes, too


def pytest_stage(name: str, *needs: str, alone: bool = False) -> Stage:
    return Stage(name, (*PYTEST, f"tests/{name}"), needs, alone, telling=True)


STAGES = (
    Stage("types", (str(BIN / "mypy"),)),
    Stage("template", (str(ROOT / ".venv/sam/bin/sam"), "validate", "--lint"), ("environment sam",)),
    Stage("artifacts", (sys.executable, "-m", "checks.artifacts"), ("environment sam",), telling=True),
    pytest_stage("unit"),
    pytest_stage("contract", "environment node"),
    Stage("machines", (sys.executable, "-m", "checks.asl"), ("environment node",)),
    Stage("format", (str(BIN / "ruff"), "format", "--check", "--output-format=concise")),
    Stage("lint", (str(BIN / "ruff"), "check", "--quiet", "--output-format=concise")),
    Stage("imports", (str(BIN / "lint-imports"), "--no-logo", "--no-cache")),
    Stage(
        "shell",
        (
            "bash",
            "-c",
            "for script in scripts/* .ci/run; do test -d $script || bash -n $script || exit 1; done",
        ),
    ),
    pytest_stage("integration", *LOCAL_STACK, alone=True),
    pytest_stage("e2e", *LOCAL_STACK, *CONSOLE, alone=True),
)


@dataclass(frozen=True)
class Outcome:
    stage: Stage
    passed: bool
    seconds: float
    output: str


def main(arguments: list[str]) -> int:
    names, options = arguments, []
    if "--" in arguments:
        names, options = arguments[: arguments.index("--")], arguments[arguments.index("--") + 1 :]
    unknown = set(names) - {stage.name for stage in STAGES}
    if unknown:
        stages = " ".join(stage.name for stage in STAGES)
        print(f"no such stage: {' '.join(sorted(unknown))}; the stages are {stages}", file=sys.stderr)
        return 2
    chosen = [stage for stage in STAGES if not names or stage.name in names]
    outcomes = list(run_all(chosen, tuple(options)))
    return sum_up(outcomes)


def run_all(stages: list[Stage], options: tuple[str, ...]) -> Iterator[Outcome]:
    """Runs the stages and reports each as it ends, those that stand alone last and with their output as it comes."""
    alone = [stage for stage in stages if stage.alone]
    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(run, stage, options) for stage in stages if not stage.alone]
        # Fetched while the checks run; a failure shows in the stage that needs them.
        pool.submit(set_up, tuple(dict.fromkeys(need for stage in alone for need in stage.needs)))
        for done in as_completed(running):
            report(outcome := done.result())
            yield outcome
    for stage in alone:
        report(outcome := run(stage, options, live=True))
        yield outcome


def set_up(needs: tuple[str, ...]) -> bool:
    script = " && ".join(["source scripts/environment.sh", *needs])
    return subprocess.run(["bash", "-c", script], cwd=ROOT, check=False).returncode == 0


def run(stage: Stage, options: tuple[str, ...], live: bool = False) -> Outcome:
    if not set_up(stage.needs):
        return Outcome(stage, False, 0, "its environment could not be set up")
    command = [*stage.command, *(options if stage.command[0] == PYTEST[0] else ())]
    if live:
        print(f"\n── {stage.name}", flush=True)
    started = time.monotonic()
    lines = []
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment_variables(),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdout
        for line in process.stdout:
            lines.append(line)
            if live:
                print(line, end="", flush=True)
    return Outcome(stage, process.returncode == 0, time.monotonic() - started, "".join(lines))


def environment_variables() -> dict[str, str]:
    """The caller's, but with credentials that open nothing: no check or test ever reaches an AWS account."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAM_CLI_TELEMETRY": "0",
        "PYTHONPATH": f"{ROOT / 'functions'}{os.pathsep}{ROOT / 'scripts'}",
    }


def report(outcome: Outcome) -> None:
    stage = outcome.stage
    if not stage.alone and (stage.telling or not outcome.passed):
        print(f"\n── {stage.name}\n{outcome.output.rstrip()}")
    print(f"{'✓' if outcome.passed else '✗'} {stage.name} ({outcome.seconds:.1f} s)", flush=True)


def sum_up(outcomes: list[Outcome]) -> int:
    failed = [outcome.stage.name for outcome in outcomes if not outcome.passed]
    counts = {"passed": 0, "failed": 0}
    for outcome in outcomes:
        if outcome.stage.command[0] == PYTEST[0]:
            last = (outcome.output.splitlines() or [""])[-1]
            for number, what in re.findall(r"(\d+) (passed|failed|error)", last):
                counts["passed" if what == "passed" else "failed"] += int(number)
    print(
        f"\nstages: {len(outcomes) - len(failed)} passed"
        + (f", failed: {' '.join(failed)}" if failed else "")
    )
    if sum(counts.values()):
        print(f"tests: {counts['passed']} passed, {counts['failed']} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
