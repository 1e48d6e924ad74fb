"""Runs stages at the same time, shows their output, and leaves nothing behind."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from dev.checks import ROOT
from dev.checks.leftovers import VARIABLE, end_leftovers
from dev.checks.stages import BIN, Stage
from local import signals

# For two cores: a stage that tests the local stack waits half the time. With four, none ends sooner (measured).
_AT_ONCE = 3
_COLOR = re.compile(r"\x1b\[[\d;]*m")
# What pytest writes as it goes: a file's name and its tests' letters, or more letters of the file before.
_PROGRESS = re.compile(r"(?:tests/\S+\.py )?([.FEsxX]+)(?: +\[ *\d+%\])?$")
_SUMMARY = re.compile(r"\b(passed|failed|errors?|no tests ran)\b.* in [\d.]+s")
_NO_TESTS = 5  # pytest's status when no test was selected


@dataclass(frozen=True)
class Outcome:
    """How a stage ended: `seconds` on the clock, `cpu` of all its processes, and everything it printed."""

    stage: Stage
    passed: bool
    seconds: float
    cpu: float
    output: str

    @property
    def tests(self) -> tuple[int, int]:
        """How many tests passed and failed, by pytest's last line, or by its progress if it was killed before that."""
        if not self.stage.is_pytest:
            return 0, 0
        lines = [_COLOR.sub("", line) for line in self.output.splitlines()]
        summary = next((line for line in reversed(lines) if _SUMMARY.search(line)), None)
        if summary is None:
            letters = "".join(found[1] for line in lines if (found := _PROGRESS.match(line)))
            return letters.count("."), letters.count("F") + letters.count("E")
        counts = re.findall(r"(\d+) (passed|failed|error)", summary)
        return (
            sum(int(number) for number, word in counts if word == "passed"),
            sum(int(number) for number, word in counts if word != "passed"),
        )


class Runner:
    """Runs stages, three at a time, and prints each one's result when it ends. As a context, it owns a scratch folder.

    After Ctrl-C or SIGTERM, the stages that run are interrupted, so that tests stop what they started; those that wait
    are not started. Every stage's processes and temporary files are removed afterwards.
    """

    def __init__(
        self, stages: list[Stage], pytest_options: tuple[str, ...] = (), *, grace_s: float = 10
    ) -> None:
        self.stages = stages
        self.interrupted = threading.Event()
        self._options = pytest_options
        self._grace_s = grace_s  # how long a stage's processes may outlive it
        self._processes: dict[subprocess.Popen[str], Stage] = {}
        self._printing = threading.Lock()

    def __enter__(self) -> Self:
        # A shell starts its background commands with SIGINT ignored.
        signals.handle((*signals.SIGNALS, signal.SIGHUP), self._interrupt)
        self.scratch = Path(tempfile.mkdtemp(prefix="gate-"))
        (self.scratch / "tmp").mkdir()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.scratch, ignore_errors=True)

    def run(self) -> Iterator[Outcome]:
        """Each stage's outcome as it ends, printed."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for done in as_completed([pool.submit(self._run, stage) for stage in self.stages]):
                if outcome := done.result():
                    self._report(outcome)
                    yield outcome

    def _interrupt(self, _number: int, _frame: object) -> None:
        self.interrupted.set()
        for process, stage in list(self._processes.items()):
            _interrupt(process, stage)

    def _run(self, stage: Stage) -> Outcome | None:
        if self.interrupted.is_set():
            return None
        if not self._set_up(stage):
            return Outcome(stage, False, 0, 0, "its environment could not be set up")
        if self.interrupted.is_set():
            return None
        command = [*stage.command, *(self._options if stage.is_pytest else ())]
        if stage.measured:
            command = [str(BIN / "coverage"), "run", *command]
        started = time.monotonic()
        mark = f"{self.scratch.name}/{stage.name}"
        process = subprocess.Popen(
            ["nice", "-n", str(stage.nice), *command],
            cwd=ROOT,
            env=self._variables() | {VARIABLE: mark},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            process_group=0,  # Ctrl-C reaches only the gate, which interrupts the stage once
            stdin=subprocess.DEVNULL,
        )
        self._processes[process] = stage
        if self.interrupted.is_set():  # between the check above and the line before
            _interrupt(process, stage)
        lines: list[str] = []
        reader = threading.Thread(target=self._follow, args=(stage, process, lines), daemon=True)
        reader.start()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        del self._processes[process]
        leftovers = end_leftovers(mark, self._grace_s)
        reader.join(5)  # the output ends when the last process does that has inherited it
        if process.returncode < 0:
            lines.append(f"\nkilled by {signal.Signals(-process.returncode).name}\n")
        lines += [f"left behind, and killed: {process}\n" for process in leftovers]
        # Options may well select tests of some stages only.
        passed = process.returncode == 0 or (bool(self._options) and process.returncode == _NO_TESTS)
        seconds, cpu = time.monotonic() - started, usage.ru_utime + usage.ru_stime
        return Outcome(stage, passed and not leftovers, seconds, cpu, "".join(lines))

    def _set_up(self, stage: Stage) -> bool:
        script = " && ".join(["source scripts/environment.sh", *stage.needs])
        return subprocess.run(["bash", "-c", script], cwd=ROOT, check=False).returncode == 0

    def _follow(self, stage: Stage, process: subprocess.Popen[str], lines: list[str]) -> None:
        assert process.stdout
        for line in process.stdout:
            lines.append(line)
            if stage.live and _is_progress(line):
                self._print(f"{stage.name.rpartition('/')[2]:>11} │ {line.rstrip()}")

    def _variables(self) -> dict[str, str]:
        """The caller's environment, with credentials that open nothing: no check or test reaches an AWS account."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return inherited | {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "SAM_CLI_TELEMETRY": "0",
            "PYTHONPATH": os.pathsep.join(
                str(ROOT / name) for name in ("functions", "scripts", "scripts/operator", "scripts/web")
            ),
            "COVERAGE_FILE": str(self.scratch / "coverage"),
            "TMPDIR": str(self.scratch / "tmp"),
        }

    def _report(self, outcome: Outcome) -> None:
        stage = outcome.stage
        lines = outcome.output.splitlines()
        shown = "\n".join(line for line in lines if not (stage.live and _is_progress(line)))
        text = f"\n── {stage.name}\n{shown.rstrip()}\n" if stage.shows_output or not outcome.passed else ""
        mark = "✓" if outcome.passed else "✗"
        self._print(f"{text}{mark} {stage.name} ({outcome.seconds:.1f} s, {outcome.cpu:.0f} s of CPU)")

    def _print(self, text: str) -> None:
        """Prints the text in one piece, even while another stage prints."""
        with self._printing:
            print(text, flush=True)


def _is_progress(line: str) -> bool:
    return bool(_PROGRESS.match(_COLOR.sub("", line.rstrip())))


def _interrupt(process: subprocess.Popen[str], stage: Stage) -> None:
    """pytest alone, so that tests stop what they started; any other stage with all its processes, and at once.

    Not by SIGINT: bash goes on when a command that it waits for survives that.
    """
    if stage.is_pytest:
        process.send_signal(signal.SIGINT)
    else:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
