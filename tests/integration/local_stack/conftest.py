"""One stack with the sample template for all tests of this folder, and a way to run state machines on it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from machines import Attempts, Machines

from imageservice_operator.operations.stack import Stack
from local import background

HERE = Path(__file__).parent
SAMPLE = HERE / "sample" / "template.yaml"


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with background.started(tmp_path_factory.mktemp("stack"), f"--template={SAMPLE}") as running:
        yield running


@pytest.fixture(scope="session")
def machines(stack: Stack) -> Machines:
    return Machines(stack)


@pytest.fixture
def attempts(tmp_path: Path) -> Attempts:
    """The calls of the task function, which notes them at `attempts.path`."""
    return Attempts(tmp_path / "attempts")


@pytest.fixture
def printed() -> Callable[..., str]:
    """What statements print in the local stack's Python, without a stack and its patches."""

    def run(*statements: str) -> str:
        variables = {"PYTHONPATH": background.PYTHON_PATH}
        command = [str(background.PYTHON), "-c", "\n".join(statements)]
        return subprocess.check_output(command, env=variables, text=True, cwd=background.REPOSITORY).strip()

    return run
