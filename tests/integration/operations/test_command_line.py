"""The command line as scripts use it: exit codes, JSON, and a deployed stack by its name."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from imageservice_operator.operations.errors import StackNotFound
from imageservice_operator.operations.stack import Stack

IMAGES = Path(__file__).parents[3] / "scripts/images"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([IMAGES, *arguments], capture_output=True, text=True, check=False)


@pytest.fixture
def as_on_aws(service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment in which AWS is the local stack, so that it can be found as a deployed one."""
    described = service.stack.file
    monkeypatch.setenv("AWS_ENDPOINT_URL", described.endpoint_url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", described.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", described.secret_access_key)
    monkeypatch.setenv("AWS_REGION", described.region)


def test_upload_ends_with_zero_once_all_are_ready(service: Any, tmp_path: Path, photo: Any) -> None:
    (tmp_path / "a b.jpg").write_bytes(photo(1))
    ended = service.images("upload", str(tmp_path), "--prefix", "line/")
    assert ended.code == 0
    assert [(line["id"], line["status"]) for line in ended.lines] == [("line/a b.jpg", "READY")]


def test_upload_ends_with_one_if_an_image_is_rejected(service: Any, tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("no image")
    ended = service.images("upload", str(tmp_path / "text.jpg"), "--id", "line/text.jpg")
    assert (ended.code, ended.lines[0]["status"]) == (1, "REJECTED")
    assert ended.lines[0]["error"]["cause"]


def test_a_rejected_image_is_no_failure_and_not_replayed(service: Any) -> None:
    assert service.images("failures").lines == []
    (outcome,) = service.images("replay", "line/text.jpg").lines
    assert (outcome["action"], outcome["result"]) == ("nothing to do", "REJECTED")


def test_status_of_an_image_is_one_document(service: Any) -> None:
    ended = service.images("status", "line/a b.jpg")
    assert (ended.code, ended.lines[0]["status"], len(ended.lines[0]["renditions"])) == (0, "READY", 6)


def test_status_counts_the_images(service: Any) -> None:
    ended = service.images("status")
    assert (ended.code, ended.lines[0]["images"]["FAILED"]) == (0, 0)


def test_history_tells_every_event(service: Any) -> None:
    (execution,) = service.images("history", "line/a b.jpg").lines
    types = [event["type"] for event in service.images("history", execution["arn"]).lines]
    assert (types[0], types[-1]) == ("ExecutionStarted", "ExecutionSucceeded")


def test_an_unknown_image_ends_with_four(service: Any) -> None:
    ended = service.images("status", "line/unknown.jpg")
    assert (ended.code, ended.lines) == (4, [])


@pytest.mark.parametrize("command", [["reprocess"], ["reprocess", "--dry-run"], ["remove", "--yes"]])
def test_a_command_about_an_image_that_never_was_ends_with_four(service: Any, command: list[str]) -> None:
    ended = service.images(*command, "line/unknown.jpg")
    assert ended.code == 4
    assert "There is no image line/unknown.jpg." in ended.said


def test_a_reader_that_has_read_enough_is_no_error(service: Any) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [IMAGES, "history", "line/a b.jpg", "--json", "--state-dir", service.state_dir]
    ended = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (141, "")


def test_no_stack_ends_with_three_and_a_line_that_helps(tmp_path: Path) -> None:
    ended = run("list", "--state-dir", str(tmp_path))
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "./scripts/run" in ended.stderr


def test_a_command_line_that_cannot_be_ends_with_two() -> None:
    assert run("replay", "--rate", "fast").returncode == 2


def test_a_replay_of_nothing_named_ends_with_two(service: Any) -> None:
    assert service.images("replay").code == 2


def test_help_needs_no_stack() -> None:
    ended = run("replay", "--help")
    assert ended.returncode == 0
    assert "--dry-run" in ended.stdout


@pytest.mark.usefixtures("as_on_aws")
def test_a_deployed_stack_is_found_by_its_name(service: Any) -> None:
    deployed = Stack.deployed("local")
    assert not deployed.is_local
    assert deployed.outputs["ProcessImageArn"] == service.stack.outputs["ProcessImageArn"]


@pytest.mark.usefixtures("as_on_aws")
def test_a_stack_that_is_not_deployed_is_named() -> None:
    with pytest.raises(StackNotFound, match="nowhere"):
        Stack.deployed("nowhere")
