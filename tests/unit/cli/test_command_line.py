"""What the command line prints, and its exit codes, without a running stack."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from imageservice.core.errors import ImageIdInvalid
from imageservice.core.image_id import check_image_id
from imageservice_operator.cli.__main__ import images
from imageservice_operator.cli.group import COMMANDS
from imageservice_operator.cli.moment import Moment
from imageservice_operator.operations.stack_file import StackFile


def test_exit_codes_are_a_section_of_the_help() -> None:
    said = CliRunner().invoke(images, ["--help"]).stdout
    assert "\n\nExit codes:\n  0    success" in said


@pytest.mark.parametrize("option", ["--json", "--stack", "--dry-run"])
def test_an_option_before_the_command_is_a_usage_error_that_gives_the_right_order(option: str) -> None:
    ended = CliRunner().invoke(images, [option, "status"])
    assert ended.exit_code == 2
    assert f"Error: {option} follows the command: images COMMAND {option} …\n" in ended.stderr


def test_an_unknown_option_before_the_command_is_unknown() -> None:
    ended = CliRunner().invoke(images, ["--nonsense", "status"])
    assert (ended.exit_code, "No such option" in ended.stderr) == (2, True)


def test_reconcile_does_not_look_into_the_future(tmp_path: Path) -> None:
    ended = CliRunner().invoke(images, ["reconcile", "--hours", "-5", "--state-dir", str(tmp_path)])
    assert (ended.exit_code, "--hours" in ended.stderr) == (2, True)


def test_local_stack_that_was_killed_is_said_to_be_gone(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, so that no other process takes the port; nothing listens on it
        described = {
            "endpoint_url": f"http://127.0.0.1:{unused.getsockname()[1]}",
            "region": "us-east-1",
            "access_key_id": "test",
            "secret_access_key": "test",
            "outputs": {},
        }
        (tmp_path / "stack.json").write_text(json.dumps(described))
        ended = CliRunner().invoke(images, ["status", "--state-dir", str(tmp_path)])
    assert ended.exit_code == 3
    assert "is gone" in ended.stderr
    assert "./scripts/run" in ended.stderr


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[str]:
    """The state directory of a local stack that accepts connections and never answers one: nothing is sent to it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        file = StackFile(
            f"http://127.0.0.1:{listening.getsockname()[1]}",
            "us-east-1",
            "test",
            "test",
            {"SourceBucketName": "originals", "ImageTableName": "images"},
        )
        (tmp_path / "stack.json").write_text(json.dumps(file.as_json()))
        yield str(tmp_path)


@pytest.mark.parametrize("image_id", ["../x", "a/./b", "${filename}", "x" * 970, "a\x00b", "\ud800", ""])
def test_an_id_that_is_not_allowed_is_a_usage_error_with_the_apis_sentence(
    closed: str, tmp_path: Path, image_id: str
) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")
    with pytest.raises(ImageIdInvalid) as refused:
        check_image_id(image_id)
    arguments = ["upload", str(tmp_path / "a.jpg"), f"--id={image_id}", "--state-dir", closed]
    ended = CliRunner().invoke(images, arguments)
    assert (ended.exit_code, ended.stderr) == (2, f"{refused.value}\n")


@pytest.mark.parametrize(("image_id", "words"), [("x" * 1025, "1,025 bytes"), ("\ud800", "not valid UTF-8")])
@pytest.mark.parametrize("command", ["status", "history", "replay", "reprocess", "plan show", "remove --yes"])
def test_an_id_that_s3_cannot_have_is_a_usage_error(
    closed: str, command: str, image_id: str, words: str
) -> None:
    ended = CliRunner().invoke(images, [*command.split(), image_id, "--state-dir", closed])
    assert (ended.exit_code, words in ended.stderr, ended.stderr.count("\n")) == (2, True, 1)


def test_two_files_with_one_id_are_a_usage_error_before_anything_is_sent(closed: str, tmp_path: Path) -> None:
    paths = [tmp_path / folder / "a.jpg" for folder in ("one", "two")]
    for path in paths:
        path.parent.mkdir()
        path.write_bytes(b"x")
    ended = CliRunner().invoke(images, ["upload", *map(str, paths), "--state-dir", closed])
    assert (ended.exit_code, "would both have the id a.jpg" in ended.stderr) == (2, True)


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"endpoint_url": "http://127.0.0.1:1"}', "null"])
def test_a_damaged_stack_file_is_one_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "stack.json").write_text(content)
    ended = CliRunner().invoke(images, ["status", "--state-dir", str(tmp_path)])
    assert (ended.exit_code, ended.stderr.count("\n")) == (3, 1)
    assert "is damaged" in ended.stderr


@pytest.mark.parametrize("since", ["2x", "yesterday", "-3d", "2026-13-01", "", "0001-01-01T00:00+14:00"])
def test_a_time_that_is_none_is_a_usage_error(tmp_path: Path, since: str) -> None:
    ended = CliRunner().invoke(images, ["failures", f"--since={since}", "--state-dir", str(tmp_path)])
    assert (ended.exit_code, "90min" in ended.stderr) == (2, True)


def test_a_very_long_time_ago_is_no_error() -> None:
    assert Moment().convert("999999w", None, None) < datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-11-22T08:00", "2026-11-22T09:00+01:00", "2026-11-22T08:00Z"])
def test_a_date_without_a_zone_is_in_utc(text: str) -> None:
    assert Moment().convert(text, None, None) == datetime(2026, 11, 22, 8, tzinfo=UTC)


def test_the_old_name_of_new_execution_is_gone(tmp_path: Path) -> None:
    ended = CliRunner().invoke(images, ["replay", "--anew", "--state-dir", str(tmp_path)])
    assert ended.exit_code == 2


def test_every_command_has_a_module_and_every_module_is_listed() -> None:
    assert set(COMMANDS) == set(images.commands)
