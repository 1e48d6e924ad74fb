"""A full disk and too many open files are named on the terminal, with a remedy."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from waiting import until

from local.shortages import LogFile, Shortages, watching_disk


@pytest.fixture
def log(tmp_path: Path) -> Iterator[logging.Logger]:
    logger = logging.getLogger("shortages-test")
    logger.propagate = False
    shortages = Shortages(tmp_path)
    logger.handlers = [LogFile(tmp_path / "stack.log", shortages), shortages]
    yield logger
    for handler in logger.handlers:
        handler.close()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device"), "The disk is full"),
        (OSError(24, "Too many open files"), "ulimit -n 10240"),
        (OSError(23, "Too many open files in system"), "ulimit -n 10240"),
    ],
)
def test_a_shortage_is_said_once_with_its_remedy(
    log: logging.Logger, capsys: pytest.CaptureFixture[str], error: OSError, said: str
) -> None:
    for _ in range(3):
        try:
            raise error
        except OSError:
            log.exception("thread %s failed", "worker-1")
    printed = capsys.readouterr().err
    assert said in printed
    assert len(printed.splitlines()) == 1


def test_other_errors_are_only_in_the_log(log: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    log.error("the connection was reset")
    assert capsys.readouterr().err == ""


def test_a_log_on_a_full_disk_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "stack.log").symlink_to("/dev/full")  # the kernel's own full disk
    full = LogFile(tmp_path / "stack.log", Shortages(tmp_path))
    full.handle(logging.makeLogRecord({"msg": "a line", "levelno": logging.ERROR}))
    full.stream = None  # closing it would write once more
    assert "The disk is full" in capsys.readouterr().err


def test_a_disk_that_is_nearly_full_is_said_before_a_call_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more_than_any_disk_has = 10**18
    printed: list[str] = []
    with watching_disk(Shortages(tmp_path), [tmp_path], more_than_any_disk_has):
        until(lambda: printed.append(capsys.readouterr().err) or "The disk is full" in "".join(printed))
    with watching_disk(Shortages(tmp_path), [tmp_path], 0):
        pass
    assert "The disk" not in capsys.readouterr().err
