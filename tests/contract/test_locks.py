"""The locks are complete, have hashes, and do not mention where they were made."""

import json
import re
from pathlib import Path

import pytest
from packaging.markers import Marker

from dev.checks import ROOT

LOCKS = ROOT / "scripts/dev/environments"
FUNCTION_LOCKS = sorted((ROOT / "functions").glob("*/requirements.txt"))
ALL = sorted(LOCKS.glob("*.txt")) + FUNCTION_LOCKS
PINNED = re.compile(
    r"^(?P<name>[a-z0-9][a-z0-9.-]*)(\[.*\])?==(?P<version>[^ ;\\]+)( ; (?P<marker>[^\\]+))? *\\?$"
)
LAMBDA = {
    "python_full_version": "3.13.9",
    "python_version": "3.13",
    "platform_machine": "aarch64",
    "sys_platform": "linux",
    "platform_system": "Linux",
}

each_lock = pytest.mark.parametrize("path", ALL, ids=lambda path: str(path.relative_to(ROOT)))


def entries(path: Path) -> list[str]:
    """One string per package: its pin, then its hashes."""
    return [entry for entry in re.split(r"\n(?! )", path.read_text().strip()) if entry]


def pins(path: Path) -> dict[str, str]:
    found = [PINNED.match(entry.splitlines()[0]) for entry in entries(path)]
    return {pin["name"]: pin["version"] for pin in found if pin}


@each_lock
def test_every_entry_is_a_pin_with_hashes(path: Path) -> None:
    for entry in entries(path):
        pin, *rest = entry.splitlines()
        assert PINNED.match(pin)
        assert rest
        assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line) for line in rest)


@each_lock
def test_hashes_are_those_of_every_file_not_of_one_machines_wheel(path: Path) -> None:
    # A wheel for each platform, or a wheel and the source. pyvips and thumbor's derpconf are published only as source.
    lone = {entry.partition("==")[0] for entry in entries(path) if entry.count("--hash=") < 2}
    assert lone <= {"pyvips", "derpconf"}


@each_lock
def test_lock_has_what_its_input_asks_for(path: Path) -> None:
    asked = re.findall(r"^([A-Za-z0-9][\w.-]*)", path.with_suffix(".in").read_text(), re.MULTILINE)
    assert {re.sub(r"[-_.]+", "-", name).lower() for name in asked} <= pins(path).keys()


@pytest.mark.parametrize("path", FUNCTION_LOCKS, ids=lambda path: path.parent.name)
def test_function_ships_the_versions_that_all_functions_share(path: Path) -> None:
    shared = pins(LOCKS / "functions.txt")
    assert {name: shared.get(name) for name in pins(path)} == pins(path)


@pytest.mark.parametrize("path", FUNCTION_LOCKS, ids=lambda path: path.parent.name)
def test_any_host_that_builds_a_function_installs_what_lambda_needs(path: Path) -> None:
    # pip judges markers by the Python it runs on, not by the one it builds for.
    for entry in entries(path):
        pin = PINNED.match(entry.splitlines()[0])
        if pin and pin["marker"] and Marker(pin["marker"]).evaluate(LAMBDA):
            hosts = [
                {**LAMBDA, "python_full_version": f"3.{minor}.0", "python_version": f"3.{minor}"}
                for minor in range(11, 15)
            ]
            assert all(Marker(pin["marker"]).evaluate(host) for host in hosts), entry


def test_npm_lock_has_hashes_and_no_addresses() -> None:
    for lock in LOCKS.glob("*/package-lock.json"):
        packages = json.loads(lock.read_text())["packages"]
        packages.pop("")
        assert all("resolved" not in package and package["integrity"] for package in packages.values())
