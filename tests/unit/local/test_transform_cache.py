"""What the SAM transform made is kept, as long as all that it depends on is the same."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.deployment import transform_cache


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., int]:
    """How often `kept` makes the result for these."""
    count = 0

    def make() -> dict[str, Any]:
        nonlocal count
        count += 1
        return {"result": count}

    def made(*depends_on: Any) -> int:
        before = count
        for each in depends_on:
            transform_cache.kept(tmp_path / "kept", each, make)
        return count - before

    return made


def files(folder: Path) -> list[Path]:
    return list((folder / "kept").iterdir())


def test_equal_templates_are_transformed_once(made: Callable[..., int]) -> None:
    assert made({"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 1, "b": 3}, {"a": 1, "b": 2}) == 2


@pytest.mark.parametrize("damage", [b"", b"{}", b'0\n{"result": 7}'], ids=["empty", "not ours", "changed"])
def test_a_damaged_result_is_made_again(made: Callable[..., int], tmp_path: Path, damage: bytes) -> None:
    made({})
    (file,) = files(tmp_path)
    file.write_bytes(damage)
    assert made({}, {}) == 1


def test_a_result_that_was_cut_off_is_made_again(made: Callable[..., int], tmp_path: Path) -> None:
    made({})
    (file,) = files(tmp_path)
    file.write_bytes(file.read_bytes()[:-3])
    assert made({}, {}) == 1


def test_without_a_folder_to_write_to_it_is_made_each_time(made: Callable[..., int], tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file")
    assert made({}, {}) == 2


def test_only_the_latest_results_stay(
    made: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transform_cache, "MOST", 2)
    assert made(1, 2, 3, 3) == 3
    assert len(files(tmp_path)) == 2
