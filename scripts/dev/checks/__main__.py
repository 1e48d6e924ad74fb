"""The gate: `python -m dev.checks [STAGE…] [-- PYTEST OPTION…]`; without stages, all of them. Called by `scripts/test`.

Stages run at the same time, the long ones that mostly wait beside those that compute. One that takes minutes shows its
progress line by line, under its name; everything else a stage says comes in one piece when it ends. Every stage runs
whatever failed before it; the last lines sum up, and the status is 0 only if all passed.
"""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from dev.checks.template import ROOT

BIN = ROOT / ".venv/test/bin"
PYTEST = (str(BIN / "pytest"), *(["--color=yes"] if sys.stdout.isatty() else []))
LOCAL_STACK = ("environment functions local",)
CONSOLE = ("browser", "environment node") if (ROOT / "tests/e2e/console").exists() else ()

# On two cores: the stages of the local stack spend half their time waiting, so the third of these is no burden.
AT_ONCE = 3
# What pytest writes as it goes: a file's name and its tests' dots, or more dots of the file before.
IN_PROGRESS = re.compile(r"tests/\S+\.py |[.FEsxX]+ +\[ *\d+%\]$")
COLOUR = re.compile(r"\x1b\[[\d;]*m")
NO_TESTS = 5  # pytest's status where it was left without any
SPEAKING = threading.Lock()
INTERRUPTED = threading.Event()
PROCESSES: set[subprocess.Popen[str]] = set()


@dataclass(frozen=True)
class Stage:
    """A command that passes or fails; `needs` are what `scripts/environment.sh` is told to set up before it."""

    name: str
    command: tuple[str, ...]
    needs: tuple[str, ...] = ()
    telling: bool = False  # its output is worth reading when it passes, too
    live: bool = False  # it takes minutes: its progress is shown as it comes
    nice: int = 10  # how far it stands back for others: what computes, for what waits and is sometimes timed

    def is_called(self, name: str) -> bool:
        """Whether it is meant by that name: its own, or of the folder it is in."""
        return f"{self.name}/".startswith(f"{name}/")


def pytest_stage(name: str, *needs: str, live: bool = False, nice: int = 10) -> Stage:
    return Stage(name, (*PYTEST, f"tests/{name}"), needs, telling=True, live=live, nice=nice)


# In the order in which they are taken up: those that take minutes first; what computes while the others are set up.
STAGES = (
    pytest_stage("integration/local_stack", *LOCAL_STACK, live=True, nice=0),
    pytest_stage("e2e", *LOCAL_STACK, *CONSOLE, live=True, nice=5),
    Stage("types", (str(BIN / "mypy"),)),
    pytest_stage("unit"),
    pytest_stage("integration/operations", *LOCAL_STACK, live=True, nice=0),
    pytest_stage("integration/read_path", *LOCAL_STACK, live=True, nice=0),
    Stage("artifacts", (sys.executable, "-m", "dev.checks.artifacts"), ("environment sam",), telling=True),
    Stage("template", (str(ROOT / ".venv/sam/bin/sam"), "validate", "--lint"), ("environment sam",)),
    pytest_stage("contract", "environment node"),
    Stage("machines", (sys.executable, "-m", "dev.checks.asl"), ("environment node",)),
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
    unknown = [name for name in names if not any(stage.is_called(name) for stage in STAGES)]
    if unknown:
        stages = " ".join(stage.name for stage in STAGES)
        print(f"no such stage: {' '.join(unknown)}; the stages are {stages}", file=sys.stderr)
        return 2
    chosen = [stage for stage in STAGES if not names or any(map(stage.is_called, names))]
    try:
        return sum_up(list(run_all(chosen, tuple(options))))
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def run_all(stages: list[Stage], options: tuple[str, ...]) -> Iterator[Outcome]:
    """Runs the stages and reports each as it ends. Interrupted, it interrupts them: tests stop what they started."""
    for stop in (signal.SIGINT, signal.SIGTERM):  # a shell's background commands start out deaf to the first
        signal.signal(stop, signal.default_int_handler)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        running = [pool.submit(run, stage, options) for stage in stages]
        try:
            for done in as_completed(running):
                report(outcome := done.result())
                yield outcome
        except KeyboardInterrupt:
            INTERRUPTED.set()
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(PROCESSES):
                process.send_signal(signal.SIGINT)
            raise


def set_up(needs: tuple[str, ...]) -> bool:
    script = " && ".join(["source scripts/environment.sh", *needs])
    return subprocess.run(["bash", "-c", script], cwd=ROOT, check=False).returncode == 0


def run(stage: Stage, options: tuple[str, ...]) -> Outcome:
    if not set_up(stage.needs) or INTERRUPTED.is_set():
        return Outcome(stage, False, 0, "its environment could not be set up")
    command = [*stage.command, *(options if stage.command[0] == PYTEST[0] else ())]
    started = time.monotonic()
    lines: list[str] = []
    with subprocess.Popen(
        ["nice", "-n", str(stage.nice), *command],
        cwd=ROOT,
        env=environment_variables(),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        process_group=0,  # Ctrl-C reaches only us: we interrupt it once, and it can tidy up undisturbed
        stdin=subprocess.DEVNULL,
    ) as process:
        PROCESSES.add(process)
        assert process.stdout
        for line in process.stdout:
            if stage.live and IN_PROGRESS.match(COLOUR.sub("", line)):
                say(f"{stage.name.rpartition('/')[2]:>11} │ {line.rstrip()}")
            else:
                lines.append(line)
    PROCESSES.discard(process)
    # Options may well select tests of some stages only.
    passed = process.returncode == 0 or (bool(options) and process.returncode == NO_TESTS)
    return Outcome(stage, passed, time.monotonic() - started, "".join(lines))


def say(text: str) -> None:
    """Prints it in one piece, whichever other stage is speaking."""
    with SPEAKING:
        print(text, flush=True)


def environment_variables() -> dict[str, str]:
    """The caller's, but with credentials that open nothing: no check or test ever reaches an AWS account."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAM_CLI_TELEMETRY": "0",
        "PYTHONPATH": os.pathsep.join(
            str(ROOT / name) for name in ("functions", "scripts", "scripts/operator")
        ),
    }


def report(outcome: Outcome) -> None:
    stage = outcome.stage
    told = f"\n── {stage.name}\n{outcome.output.rstrip()}\n" if stage.telling or not outcome.passed else ""
    say(f"{told}{'✓' if outcome.passed else '✗'} {stage.name} ({outcome.seconds:.1f} s)")


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
