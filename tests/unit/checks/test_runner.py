"""The gate's runner, with stages that pass, fail, crash, hang, and leave processes and files behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.checks import ROOT
from dev.checks.__main__ import sum_up
from dev.checks.runner import Outcome, Runner
from dev.checks.stages import PYTEST, STAGES, Stage


def shell(name: str, script: str) -> Stage:
    return Stage(name, "", ("bash", "-c", script))


def run(*stages: Stage) -> dict[str, Outcome]:
    with Runner(list(stages), grace_s=0.5) as runner:
        return {outcome.stage.name: outcome for outcome in runner.run()}


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture(autouse=True)
def handlers_as_they_were() -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    handlers = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, handlers, strict=True):
        signal.signal(number, handler)


def test_every_stage_runs_whatever_failed_before_it() -> None:
    outcomes = run(shell("a", "exit 3"), shell("b", "echo fine"))
    assert {name: outcome.passed for name, outcome in outcomes.items()} == {"a": False, "b": True}


def test_a_stage_that_is_killed_fails_and_says_by_what() -> None:
    outcome = run(shell("a", "echo so far; kill -KILL $$"))["a"]
    assert not outcome.passed
    assert outcome.output == "so far\n\nkilled by SIGKILL\n"


def test_a_process_that_outlives_its_stage_is_ended_and_fails_it() -> None:
    outcome = run(shell("a", "setsid sleep 300 & echo $!"))["a"]
    assert not outcome.passed
    assert "left behind, and killed: " in outcome.output
    assert not is_alive(int(outcome.output.split()[0]))


def test_temporary_files_of_a_stage_are_removed() -> None:
    outcome = run(shell("a", "mktemp"))["a"]
    assert outcome.passed
    assert not Path(outcome.output.strip()).exists()


def test_credentials_of_the_caller_never_reach_a_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    assert run(shell("a", "env"))["a"].output.count("AWS_PROFILE") == 0


def test_an_interrupted_run_ends_its_stages_and_keeps_what_they_said(tmp_path: Path) -> None:
    waits = [shell(name, f"echo $$; touch {tmp_path}/{name}; exec sleep 300") for name in "abc"]

    def interrupt_once_all_run() -> None:
        while len(list(tmp_path.iterdir())) < len(waits):
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)

    with Runner([*waits, shell("never", "echo")]) as runner:
        threading.Thread(target=interrupt_once_all_run).start()
        outcomes = list(runner.run())
    assert runner.interrupted.is_set()
    assert sorted(outcome.stage.name for outcome in outcomes) == ["a", "b", "c"]
    assert not any(is_alive(int(outcome.output.split()[0])) for outcome in outcomes)


@pytest.mark.parametrize(
    ("output", "tests"),
    [
        ("tests/a.py ..F [100%]\n\n=== 1 failed, 2 passed in 0.10s ===\n", (2, 1)),
        ("tests/a.py .. [ 50%]\ntests/b.py .F", (3, 1)),
        ("\x1b[32m.\x1b[0m\n\x1b[32m===== \x1b[32m\x1b[1m5 passed\x1b[0m\x1b[32m in 1.00s\x1b[0m\n", (5, 0)),
        ("2 passed in 1.00s\nCoverage: a warning\n", (2, 0)),
        ("5 passed, 2 errors in 70.00s (0:01:10)\nleft behind, and killed: 7 sleep\n", (5, 2)),
        ("no tests ran in 0.01s\n", (0, 0)),
        ("", (0, 0)),
    ],
)
def test_passed_and_failed_tests_are_counted_even_where_pytest_was_killed(
    output: str, tests: tuple[int, int]
) -> None:
    assert Outcome(Stage("a", "", PYTEST), True, 0, 0, output).tests == tests


def gate(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "dev.checks", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    return subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def test_the_summary_of_an_interrupted_run_names_what_did_not_run(capsys: pytest.CaptureFixture[str]) -> None:
    stages = [Stage("unit", "", PYTEST), shell("lint", ""), shell("never", "")]
    outcomes = [Outcome(stages[0], False, 0, 0, "3 passed in 1.00s"), Outcome(stages[1], True, 0, 0, "")]
    assert sum_up(stages, outcomes) == 1
    expected = "\nstages: 1 passed, failed: unit, not run: never\ntests: 3 passed, 0 failed\n"
    assert capsys.readouterr().out == expected


def test_an_unknown_stage_is_a_usage_error() -> None:
    process = gate("no-such-stage")
    assert process.communicate()[0].startswith("no such stage: no-such-stage; the stages are ")
    assert process.returncode == 2


def test_help_names_every_stage_and_needs_no_installed_package() -> None:
    program = f"import runpy, sys; sys.path[:0] = ['{ROOT}/scripts']; sys.argv[1:] = ['--help']; "
    program += "runpy.run_module('dev.checks', run_name='__main__')"
    command = [sys.executable, "-I", "-S", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    listed = done.stdout.partition("Stages:\n")[2].splitlines()
    assert [line.split()[0] for line in listed] == [stage.name for stage in STAGES]
