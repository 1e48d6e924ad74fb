"""What holds for every file in the repository."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from dev import samples
from dev.checks import ROOT

# Folders of one machine: the author's home, checkouts and temporary files.
MACHINE_PATHS = re.compile(r"(?<![\w.~$}/-])/(?:home|Users|root|work|workspace|mnt|private)/\w")


# Words that readers had to read twice, and British spellings. Upstream's private names, such as moto's
# `_normalise_response`, keep their spelling; so does an option of 0.1.0.
RETIRED = re.compile(
    r"(?<!--)\b(anew|whoever|nobody|somebody|told of|tells? of|what became of|hungriest|goes by"
    r"|colour\w*|behaviour\w*|normalis\w*|optimis(?:e|ed|es|ing|ation)|favour\w*|recognis\w*|organis\w*)\b",
    re.IGNORECASE,
)
PROSE = (".py", ".md", "template.yaml", ".asl.json")


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


def test_no_retired_word_and_no_british_spelling_is_left() -> None:
    this = Path(__file__).relative_to(ROOT).as_posix()
    found = {
        name: [match[0] for match in RETIRED.finditer(text)]
        for name, text in text_files().items()
        if name.endswith(PROSE) and name != this
    }
    assert {name: words for name, words in found.items() if words} == {}


LONGEST_FILE = 300  # lines


def test_no_python_file_is_longer_than_a_reader_can_hold() -> None:
    lengths = {name: text.count("\n") for name, text in text_files().items() if name.endswith(".py")}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_every_function_is_under_the_import_rules() -> None:
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    folders = {handler.parent.name for handler in (ROOT / "functions").glob("*/handler.py")}
    assert set(rules["root_packages"]) == {
        "imageservice",
        "imageservice_operator",
        "imageservice_web",
        "local",
        "dev",
        *folders,
    }


# A folder beside the checkout: the parent of its root, however the root is written.
OUTSIDE = re.compile(r"""(?:ROOT|REPOSITORY)\.parent\b|(?<![\w./])\.\./shared\b|\$\{?ROOT\}?/\.\.""")


def test_tests_scripts_and_docs_use_nothing_outside_the_repository() -> None:
    places = ("tests/", "scripts/", "docs/", ".ci/", "README.md", "CONTRIBUTING.md")
    this = Path(__file__).relative_to(ROOT).as_posix()
    texts = {name: text for name, text in text_files().items() if name.startswith(places) and name != this}
    assert {name: OUTSIDE.findall(text) for name, text in texts.items() if OUTSIDE.search(text)} == {}


def test_the_samples_are_the_files_that_their_readmes_list_and_take_8_megabytes_at_most() -> None:
    files = {file for file in samples.STORED.rglob("*") if file.is_file() and file.name != "README.md"}
    assert set(samples.stored()) == files
    assert sum(file.stat().st_size for file in files) <= 8_000_000


def test_a_sample_that_is_missing_is_named_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(samples.MissingSample, match=r"^sample file is missing: .*README\.md .*$"):
        samples.stored(tmp_path)
    shutil.copytree(samples.STORED, tmp_path / "samples")
    (tmp_path / "samples" / "cases" / "stars.png").unlink()
    with pytest.raises(samples.MissingSample, match=r"^sample file is missing: .*stars\.png .*$"):
        samples.stored(tmp_path / "samples")


LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)\s#]+)")


def test_every_link_in_the_documentation_leads_to_a_file() -> None:
    pages = {name: text for name, text in text_files().items() if name.endswith(".md")}
    broken = [
        f"{name}: {link}"
        for name, text in pages.items()
        for link in LINK.findall(text)
        if not (ROOT / name).parent.joinpath(link).exists()
    ]
    assert broken == []


def test_every_path_that_contributing_names_exists() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    paths = re.findall(r"`((?:functions|scripts|statemachine|tests|docs)/[\w./-]+)`", text)
    assert len(paths) > 20
    assert [path for path in paths if not (ROOT / path).exists()] == []
