"""A package or library with a license that no one has accepted is found."""

from pathlib import Path

import pytest

from dev.checks.licenses import of_package, problems


def artifact(folder: Path, metadata: str, *libraries: str, size: int = 1) -> Path:
    (folder / "some-1.dist-info").mkdir()
    (folder / "some-1.dist-info/METADATA").write_text(f"Name: some\n{metadata}\n")
    (folder / "some.libs").mkdir()
    for library in libraries:
        (folder / "some.libs" / library).write_bytes(bytes(size))
    return folder


@pytest.mark.parametrize(
    ("metadata", "license"),
    [
        ("License-Expression: BSD-3-Clause AND MIT", "BSD-3-Clause AND MIT"),
        ("License: Apache License 2.0", "Apache-2.0"),
        ("Classifier: License :: OSI Approved :: Apache Software License", "Apache-2.0"),
        ("Classifier: Programming Language :: Python", ""),
    ],
)
def test_a_package_says_its_license_in_one_of_three_fields(metadata: str, license: str) -> None:
    assert of_package(f"Name: some\n{metadata}\n") == ("some", license)


def test_what_is_known_is_accepted(tmp_path: Path) -> None:
    made = artifact(
        tmp_path, "License-Expression: MIT", "libheif-e72ea93c.so.1.23.6", "libx265-4883ecb5.so.217"
    )
    assert list(problems(made)) == []


@pytest.mark.parametrize("metadata", ["License-Expression: GPL-3.0-only", "License: MIT AND AGPL-3.0-only"])
def test_strong_copyleft_is_not(tmp_path: Path, metadata: str) -> None:
    (problem,) = problems(artifact(tmp_path, metadata))
    assert "some has the license" in problem


def test_a_package_without_a_license_is_not(tmp_path: Path) -> None:
    assert len(list(problems(artifact(tmp_path, "Summary: nothing said")))) == 1


def test_an_unknown_library_and_x265_itself_are_not(tmp_path: Path) -> None:
    made = artifact(tmp_path, "License: MIT", "libnew-01234567.so.1", "libx265-4883ecb5.so.217", size=5_000)
    assert [problem.split()[0] for problem in problems(made)] == [
        "libnew-01234567.so.1",
        "libx265-4883ecb5.so.217",
    ]
