"""The package as an operator installs it: built, put into an environment of its own, and used without the clone."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from waiting import HANG_S

from imageservice import __version__

REPOSITORY = Path(__file__).parents[3]
# Versions and hashes come from the locks, so that a new release of a dependency can't fail this test.
INSTALL = """
set -euo pipefail
source scripts/environment.sh
environment uv
source scripts/dev/environments/uv.sh
locks=scripts/dev/environments
[[ -e $1/wheel ]] || uv build --quiet --wheel --build-constraint $locks/build.txt --require-hashes --out-dir "$1/wheel"
uv venv --quiet --python .venv/local/bin/python "$1/$2"
wheel=$(echo "$1"/wheel/*.whl)
uv pip install --quiet --python "$1/$2" --constraint $locks/local.txt "$wheel$3"
"""


class Installed:
    """An environment with the package and what it depends on, and nothing else; commands run outside the clone."""

    def __init__(self, folder: Path, name: str, extra: str = "") -> None:
        self.folder, self.bin = folder, folder / name / "bin"
        subprocess.run(["bash", "-c", INSTALL, "bash", folder, name, extra], cwd=REPOSITORY, check=True)

    def images(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.defpath, "HOME": str(self.folder), **variables}
        return subprocess.run(
            [self.bin / "images", *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=HANG_S,
        )

    def python(self, code: str, *arguments: str) -> str:
        # Isolated: a PYTHONPATH of the tests' would bring the clone's packages in.
        command = [self.bin / "python", "-I", "-c", code, *arguments]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("package"), "slim")


@pytest.fixture(scope="module")
def with_console(installed: Installed) -> Installed:
    return Installed(installed.folder, "console", "[console]")


def test_version_is_the_services(installed: Installed) -> None:
    assert installed.images("--version").stdout == f"images {__version__}\n"


def test_help_lists_the_commands_and_the_exit_codes(installed: Installed) -> None:
    ended = installed.images("--help")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "  replay     " in ended.stdout
    assert "Exit codes:" in ended.stdout


def test_the_prices_are_installed(installed: Installed) -> None:
    printed = installed.python("from imageservice_operator.operations import prices; print(prices.date())")
    assert printed.startswith("20")


def test_it_brings_no_image_library_no_redis_and_no_emulator(installed: Installed) -> None:
    found = installed.python(
        "import importlib.metadata as m; print(*sorted(d.name.lower() for d in m.distributions()))"
    ).split()
    assert "boto3" in found
    assert {"pillow", "redis", "ministack", "moto", "starlette"}.isdisjoint(found)
    assert (
        installed.python("import importlib.util as u; print(u.find_spec('imageservice.engine'))") == "None\n"
    )


def test_every_module_that_it_brings_can_be_imported(installed: Installed, with_console: Installed) -> None:
    walk = """
import imageservice, imageservice_operator, pkgutil, sys
for package in (imageservice, imageservice_operator):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith("__main__") and (len(sys.argv) > 1 or ".console" not in module.name):
            __import__(module.name)
            print(module.name)
"""
    assert "imageservice_operator.operations.stack" in installed.python(walk)
    assert "imageservice_operator.console.workflow.layout" in with_console.python(walk, "console")


def test_every_command_says_what_it_does(installed: Installed) -> None:
    for name in installed.python(
        "from imageservice_operator.cli.group import COMMANDS as c; print(*c)"
    ).split():
        ended = installed.images(name, "--help")
        assert (ended.returncode, ended.stderr) == (0, ""), name


def test_a_deployed_stack_is_listed(installed: Installed, service: Any) -> None:
    service.settled(service.upload(["package/a.jpg"]))
    file = service.stack.file
    aws = {
        "AWS_ENDPOINT_URL": file.endpoint_url,
        "AWS_ACCESS_KEY_ID": file.access_key_id,
        "AWS_SECRET_ACCESS_KEY": file.secret_access_key,
        "AWS_REGION": file.region,
    }
    ended = installed.images("list", "--stack", "local-stack-that-is-missing", **aws)
    assert ended.returncode == 3
    ended = installed.images("list", "--prefix", "package/", "--state-dir", str(service.state_dir))
    assert (ended.returncode, "package/a.jpg  READY" in ended.stdout) == (0, True)


def test_without_a_stack_it_says_how_to_choose_one(installed: Installed) -> None:
    ended = installed.images("list")
    assert ended.returncode == 3
    assert "--stack NAME" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_the_console_without_its_extra_names_the_extra(installed: Installed) -> None:
    ended = installed.images("console", "--port", "0")
    assert ended.returncode == 5
    assert "cloud-native-image-service[console]" in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.fixture
def console(with_console: Installed, service: Any) -> Iterator[str]:
    """The address of the installed console."""
    process = subprocess.Popen(
        [with_console.bin / "images", "console", "--port", "0", "--state-dir", str(service.state_dir)],
        cwd=with_console.folder,
        env={"PATH": os.defpath, "HOME": str(with_console.folder)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        yield process.stdout.readline().split()[-1]
    finally:
        process.terminate()
        process.communicate(timeout=HANG_S)


def test_the_console_with_its_extra_serves_pages_and_their_files(console: str) -> None:
    import httpx

    page = httpx.get(console)
    assert page.status_code == 200
    assert "<title>" in page.text
    assert httpx.get(f"{console}static/console.css").status_code == 200
