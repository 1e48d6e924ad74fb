"""A test session that leaves something behind fails, and says what."""

import os
import subprocess
import sys
from pathlib import Path

from dev.checks import ROOT


def session(tmp_path: Path, body: str) -> subprocess.CompletedProcess[str]:
    """Runs pytest, with this repository's conftest, on one test with that body."""
    test = tmp_path / "test_one.py"
    test.write_text(f"def test_one():\n    {body}\n")
    options = (f"--confcutdir={ROOT / 'tests'}", f"-c{ROOT / 'pyproject.toml'}", "-pno:cacheprovider")
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_DEBUG_TEMPROOT"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, f"--rootdir={ROOT}", f"-p{'conftest'}", str(test)],
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": os.pathsep.join([str(ROOT / "tests"), *sys.path])},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_session_that_tidies_up_passes(tmp_path: Path) -> None:
    done = session(
        tmp_path, "import subprocess, tempfile; subprocess.run(['true']); tempfile.TemporaryFile()"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "left behind" not in done.stdout


def test_a_temporary_file_that_is_left_fails_the_session(tmp_path: Path) -> None:
    done = session(tmp_path, "import tempfile; tempfile.mkstemp(suffix='.forgotten')")
    assert (done.returncode, "1 passed" in done.stdout) == (1, True), done.stdout + done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("left behind")]
    assert line.endswith(".forgotten")
    assert not Path(line.rpartition(" ")[2]).exists()


def test_a_process_that_is_left_fails_the_session(tmp_path: Path) -> None:
    done = session(tmp_path, "import subprocess; subprocess.Popen(['sleep', '45'])")
    assert done.returncode == 1, done.stdout + done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("left behind")]
    assert line.endswith("sleep 45")
