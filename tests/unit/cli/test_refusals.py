"""Whatever AWS refuses, and whatever is typed, a command ends with one clear line and a documented code."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from refusing_aws import refusing

from imageservice_operator.cli.__main__ import images
from imageservice_operator.cli.group import COMMANDS, EXIT_CODES

ARN = "arn:aws:states:us-east-1:000000000000:execution:ProcessImage:1"
# Each command in the ways in which it calls AWS. `console` serves pages, and shows an error on the page.
CALLS: dict[str, list[list[str]]] = {
    "upload": [["FILE"]],
    "describe": [["a.jpg"], ["a.jpg", "--alt", "A shoe"]],
    "status": [[], ["a.jpg"]],
    "link": [["a.jpg"]],
    "watch": [["--count", "1"]],
    "list": [[], ["--prefix", "a"], ["--status", "FAILED"]],
    "executions": [["--image", "a.jpg"], []],
    "history": [["a.jpg"], [ARN]],
    "logs": [["a.jpg"], [ARN]],
    "failures": [[]],
    "replay": [["--all"], ["a.jpg"], [ARN], ["--dlq"]],
    "reconcile": [[]],
    "reprocess": [["--all", "--dry-run"], ["--all", "--yes"], ["a.jpg"], ["--stop", ARN], ["--resume", ARN]],
    "stop": [["--running", "--yes"], [ARN, "--yes"]],
    "plan": [["show"], ["diff", "PLAN"], ["apply", "PLAN"], ["apply", "--resume"], ["show", "a.jpg"]],
    "remove": [["a.jpg", "--yes"]],
    "restore": [["a.jpg"], ["a.jpg", "--list"]],
    "focus": [["a.jpg", "0.5,0.5"]],
    "audit": [[], ["--image", "a.jpg"]],
    "cost": [[]],
}
EVERY_CALL = [(command, *arguments) for command, ways in CALLS.items() for arguments in ways]
ONE_CALL_EACH = [(command, *ways[-1]) for command, ways in CALLS.items()]
DOCUMENTED = {int(code) for code, _ in EXIT_CODES}

each_call = pytest.mark.parametrize("call", EVERY_CALL, ids=" ".join)


@pytest.fixture(scope="module")
def denied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("denied")
    with refusing(folder, "AccessDeniedException", 403):
        yield folder


def run(folder: Path, *arguments: str) -> Result:
    photo = folder / "photo.jpg"
    photo.write_bytes(b"photo")
    plan = folder / "plan.json"
    plan.write_text('{"formats": ["fallback"], "sizes": [{"name": "w", "width": 9}]}')
    files = {"FILE": str(photo), "PLAN": str(plan)}
    typed = [files.get(argument, argument) for argument in arguments]
    ended = CliRunner().invoke(images, [*typed, "--state-dir", str(folder)])
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
    assert ended.exit_code in DOCUMENTED
    return ended


def test_every_command_is_tried() -> None:
    assert {*CALLS, "console", "completion"} == set(COMMANDS)


@each_call
def test_a_missing_permission_ends_as_one_line_with_its_code(denied: Path, call: tuple[str, ...]) -> None:
    ended = run(denied, *call)
    assert ended.exit_code == 5, ended.output
    assert re.fullmatch(r"[^\n]*(AccessDenied|403|Forbidden)[^\n]*\n", ended.stderr), ended.stderr


@pytest.mark.parametrize("call", ONE_CALL_EACH[1:3], ids=" ".join)
def test_a_throttle_that_lasts_ends_as_one_line_with_its_code(tmp_path: Path, call: tuple[str, ...]) -> None:
    with refusing(tmp_path, "ThrottlingException"):
        ended = run(tmp_path, *call)
    assert ended.exit_code == 5
    assert re.fullmatch(r"[^\n]*ThrottlingException[^\n]*\n", ended.stderr), ended.stderr


@pytest.mark.parametrize("image_id", ["", "x" * 3000, "\udcff"], ids=repr)
@pytest.mark.parametrize("command", ["status", "history", "logs", "replay", "reprocess", "remove"])
def test_an_id_that_no_image_can_have_is_a_usage_error(denied: Path, command: str, image_id: str) -> None:
    ended = run(denied, command, image_id, *(["--yes"] if command == "remove" else []))
    assert ended.exit_code == 2, ended.output
    assert len(ended.stderr.strip().splitlines()) <= 3


@pytest.mark.parametrize(
    "arguments",
    [
        ("replay", "--all", "a.jpg"),
        ("replay", "--dlq", "a.jpg"),
        ("replay", "a.jpg", "--error", "X"),
        ("replay",),
        ("reprocess", "--all", "a.jpg"),
        ("reprocess", "--stop", ARN, "a.jpg"),
        ("reprocess",),
        ("remove",),
    ],
    ids=" ".join,
)
def test_arguments_that_contradict_each_other_are_a_usage_error(
    denied: Path, arguments: tuple[str, ...]
) -> None:
    assert run(denied, *arguments).exit_code == 2


def test_an_empty_folder_is_said_to_be_empty(denied: Path, tmp_path: Path) -> None:
    ended = run(denied, "upload", str(tmp_path))
    assert ended.exit_code == 2
    assert str(tmp_path) in ended.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["cost", "--help"], ["status", "ü"]], ids=" ".join)
def test_a_terminal_that_is_not_utf_8_shows_question_marks_and_no_traceback(
    denied: Path, arguments: list[str]
) -> None:
    command = [sys.executable, "-m", "imageservice_operator.cli", *arguments]
    if arguments[-1] != "--help":
        command += ["--state-dir", str(denied)]
    ended = subprocess.run(
        command,
        env={"PYTHONPATH": ":".join(sys.path), "PYTHONIOENCODING": "ascii", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in ended.stderr
    assert ended.returncode in (0, 5)


@pytest.mark.parametrize(
    "arguments",
    [("list",), ("reprocess",), ("reconcile", "--storage"), ("plan", "exposed"), ("upload", "FILE")],
    ids=" ".join,
)
def test_a_prefix_that_is_not_utf_8_is_a_usage_error(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    ended = run(tmp_path, *arguments, "--prefix", "\udcff")
    assert (ended.exit_code, ended.stderr) == (2, "--prefix is not valid UTF-8.\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("restore", "a.jpg", "--version"),
        ("reprocess", "--resume"),
        ("describe", "a.jpg", "--tag"),
    ],
    ids=" ".join,
)
def test_no_argument_may_be_other_than_utf_8(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    ended = run(tmp_path, *arguments, "\udcff")
    assert (ended.exit_code, "is not valid UTF-8." in ended.stderr) == (2, True)


def test_a_rate_that_is_none_is_refused_before_a_change_of_plan_begins(denied: Path) -> None:
    for rate in ("0", "nan", "-1"):
        ended = run(denied, "plan", "apply", "PLAN", "--rate", rate)
        assert (ended.exit_code, "rate" in ended.stderr) == (2, True)


def test_an_error_that_quotes_a_hostile_name_gives_the_terminal_no_command(tmp_path: Path) -> None:
    named = tmp_path / "a\x1b[2J\u202e.json"
    named.write_text("{")
    ended = run(tmp_path, "plan", "check", str(named))
    assert (ended.exit_code, "a�[2J�.json: the rendition plan is not JSON" in ended.stderr) == (2, True)
