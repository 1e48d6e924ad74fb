"""What holds of every file in the repository."""

import re
import subprocess
import tomllib

from dev.checks.template import ROOT

# Folders of one machine: homes, checkouts, temporary files of whoever wrote the file.
MACHINE_PATHS = re.compile(r"(?<![\w.~$}/-])/(?:home|Users|root|work|workspace|mnt|private)/\w")


def text_files() -> dict[str, str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    texts = {}
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.is_file() and b"\0" not in (data := path.read_bytes()):
            texts[name] = data.decode()
    return texts


def test_no_file_names_a_path_of_one_machine() -> None:
    found = {name: MACHINE_PATHS.findall(text) for name, text in text_files().items()}
    assert {name: paths for name, paths in found.items() if paths} == {}


def test_no_python_file_is_longer_than_a_reader_can_hold() -> None:
    lengths = {name: text.count("\n") for name, text in text_files().items() if name.endswith(".py")}
    assert {name: length for name, length in lengths.items() if length > 350} == {}


def test_every_function_is_under_the_import_rules() -> None:
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    folders = {handler.parent.name for handler in (ROOT / "functions").glob("*/handler.py")}
    assert set(rules["root_packages"]) == {"imageservice", "imageservice_operator", "local", "dev", *folders}
