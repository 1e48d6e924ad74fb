"""Packages of functions are unpacked once per content, for all stacks of an environment."""

import os
import time
from pathlib import Path

import pytest

from local.deployment.artifacts import zipped
from local.lambda_runtime import code


@pytest.fixture
def package(tmp_path: Path) -> bytes:
    (tmp_path / "handler.py").write_text("one = 1")
    return zipped(tmp_path, [tmp_path / "handler.py"])


def unused(folder: Path) -> None:
    """Makes a package look as if it was used two days ago."""
    then = time.time() - 2 * code.KEPT_SECONDS
    os.utime(folder, (then, then))


def test_equal_packages_share_a_folder_with_what_was_compiled_there(tmp_path: Path, package: bytes) -> None:
    first = code.unpacked(package, tmp_path / "unpacked")
    assert (first / "handler.py").read_text() == "one = 1"
    (first / "compiled").touch()
    assert code.unpacked(package, tmp_path / "unpacked") == first
    assert (first / "compiled").exists()
    assert [path.name for path in (tmp_path / "unpacked").iterdir()] == [first.name]


def test_a_package_that_was_deleted_is_unpacked_again(tmp_path: Path, package: bytes) -> None:
    first = code.unpacked(package, tmp_path)
    unused(first)
    code.forget_old(tmp_path, keep=1)
    assert first.exists()
    (tmp_path / "newer").mkdir()
    code.forget_old(tmp_path, keep=1)
    assert not first.exists()
    assert (code.unpacked(package, tmp_path) / "handler.py").exists()


def test_what_a_stack_may_run_stays(tmp_path: Path, package: bytes) -> None:
    first = code.unpacked(package, tmp_path)
    unused(first)
    code.unpacked(package, tmp_path)
    for number in range(3):
        (tmp_path / f"newer-{number}").mkdir()
    code.forget_old(tmp_path, keep=1)
    assert first.exists()


def test_packages_are_in_the_functions_environment_or_beside_the_stacks_own_files(tmp_path: Path) -> None:
    python = tmp_path / "functions" / "bin" / "python"
    assert code.folder(python, tmp_path / "state") == tmp_path / "state" / "functions"
    python.parent.mkdir(parents=True)
    (tmp_path / "functions" / "pyvenv.cfg").touch()
    assert code.folder(python, tmp_path / "state") == tmp_path / "functions" / "unpacked"
