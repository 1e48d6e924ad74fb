"""The version is in one place, and the changelog's newest release is that version."""

import re
import tomllib
from pathlib import Path

import imageservice

REPOSITORY = Path(__file__).parents[2]


def test_the_changelogs_newest_release_is_the_version() -> None:
    releases = re.findall(r"^## (\S+) – ", (REPOSITORY / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert releases[0] == imageservice.__version__


def test_the_package_takes_its_version_from_the_shared_package() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["hatch"]["version"]["path"] == "functions/imageservice/__init__.py"
