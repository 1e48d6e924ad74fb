"""`.ci/run` tests a clone of HEAD with nothing beside it, and leaves nothing behind."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from dev.checks import ROOT

GIT = ("git", "-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "init.defaultBranch=main")


def checkout(folder: Path, gate: str) -> Path:
    """A repository with `.ci/run`, and with `gate` as its scripts/test; another folder is beside it."""
    repository = folder / "checkout"
    (folder / "beside").mkdir()
    for name, text in ((".ci/run", (ROOT / ".ci/run").read_text()), ("scripts/test", f"#!/bin/sh\n{gate}\n")):
        file = repository / name
        file.parent.mkdir(parents=True)
        file.write_text(text)
        file.chmod(0o755)
    for command in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "--message=all")):
        subprocess.run([*GIT, *command], cwd=repository, check=True)
    return repository


def start(repository: Path, *arguments: str) -> subprocess.Popen[str]:
    temporary = repository.parent / "tmp"
    temporary.mkdir()
    return subprocess.Popen(
        [repository / ".ci/run", *arguments],
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def left(repository: Path) -> list[Path]:
    return list((repository.parent / "tmp").iterdir())


def test_the_gate_runs_in_a_clone_with_nothing_beside_it(tmp_path: Path) -> None:
    repository = checkout(tmp_path, 'pwd; ls -A ..; echo "$TMPDIR" "$@"; touch "$TMPDIR/left"')
    (repository / "uncommitted").touch()
    output, complaint = (process := start(repository, "unit", "--", "-x")).communicate()
    place, beside, passed = output.splitlines()
    assert (process.returncode, beside) == (0, Path(place).name)
    assert Path(place).is_relative_to(tmp_path / "tmp")
    assert passed.endswith("/tmp unit -- -x")
    assert complaint == "uncommitted changes are not tested: this tests HEAD\n"
    assert left(repository) == []


def test_the_status_and_the_output_are_the_gates(tmp_path: Path) -> None:
    repository = checkout(tmp_path, "echo passed; echo failed >&2; exit 7")
    output, complaint = (process := start(repository)).communicate()
    assert (process.returncode, output, complaint) == (7, "passed\n", "failed\n")
    assert left(repository) == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_interrupts_the_gate_waits_for_it_and_tidies_up(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    note = tmp_path / "note"
    gate = f"trap 'echo interrupted > {note}; exit 1' INT; echo started; while :; do sleep 0.1; done"
    process = start(repository := checkout(tmp_path, gate))
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    process.send_signal(number)
    process.communicate()
    assert (process.returncode, note.read_text()) == (code, "interrupted\n")
    assert left(repository) == []
