"""With published versions, an execution goes on with the code that it began with, whatever is deployed meanwhile."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from service import Service

from imageservice_operator.operations import failures, replay
from local import background
from local.options import REPOSITORY

SELECTED = ("template.yaml", "functions", "statemachine")
BROKEN = 'raise RuntimeError("a bug in this release")'


class Release:
    """A copy of what is deployed, whose resize function does something else first."""

    def __init__(self, folder: Path) -> None:
        for name in SELECTED:
            source = REPOSITORY / name
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, folder / name)
        self.template = folder / "template.yaml"
        self._handler = folder / "functions/resize/handler.py"
        self._text = self._handler.read_text()

    def beginning_with(self, statement: str) -> "Release":
        before, found, after = self._text.partition("def handler(")
        signature, colon, body = after.partition(":\n")
        assert (found, colon) == ("def handler(", ":\n")
        self._handler.write_text(f"{before}{found}{signature}{colon}    {statement}\n{body}")
        return self


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return Release(tmp_path_factory.mktemp("release")).beginning_with("__import__('time').sleep(8)")


@pytest.fixture(scope="module")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("versions")


@pytest.fixture(scope="module")
def service(state_dir: Path, release: Release) -> Iterator[Service]:
    options = ("--versions", "--cache", "none", f"--template={release.template}")
    with background.started(state_dir, *options) as stack:
        yield Service(stack)


def deploy(state_dir: Path, template: Path, *parameters: str) -> None:
    given = [part for each in parameters for part in ("--parameter", each)]
    command = [str(background.PYTHON), "-m", "local", "update", "--versions", f"--state-dir={state_dir}"]
    done = subprocess.run(
        [*command, f"--template={template}", *given],
        env={**os.environ, "PYTHONPATH": background.PYTHON_PATH},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_deployment_does_not_reach_an_execution_that_has_begun(
    service: Service, state_dir: Path, release: Release, samples: Path
) -> None:
    begun = service.upload(samples / "trees-alpha.png")
    service.reaches(begun, "PROCESSING")
    deploy(state_dir, release.beginning_with(BROKEN).template)
    assert service.settled(begun)["status"] == "READY"

    broken = service.upload(samples / "trees-alpha.png")
    item = service.settled(broken)
    assert (item["status"], item["error"]["name"]) == ("FAILED", "RuntimeError")

    deploy(state_dir, release.beginning_with("pass").template)
    replayed = replay.replay(service.stack, failures.failed(service.stack))
    assert [(each.id, each.action) for each in replayed] == [(broken, "restarted")]
    assert service.reaches(broken, "READY")


def test_a_parameter_reaches_the_versions_that_are_called(
    service: Service, state_dir: Path, release: Release, samples: Path
) -> None:
    deploy(state_dir, release.template, "MaxBytes=1000")
    rejected = service.settled(service.upload(samples / "trees-alpha.png"))
    assert (rejected["status"], "1,000" in rejected["error"]["cause"]) == ("REJECTED", True), rejected[
        "error"
    ]
