"""What the command line says and how it ends, without a stack that runs."""

from __future__ import annotations

import json
import socket
from pathlib import Path

from click.testing import CliRunner

from imageservice_operator.cli.__main__ import images


def test_exit_codes_are_a_section_of_the_help() -> None:
    said = CliRunner().invoke(images, ["--help"]).stdout
    assert "\n\nExit codes:\n  0    done" in said


def test_reconcile_does_not_look_into_the_future(tmp_path: Path) -> None:
    ended = CliRunner().invoke(images, ["reconcile", "--hours", "-5", "--state-dir", str(tmp_path)])
    assert (ended.exit_code, "--hours" in ended.stderr) == (2, True)


def test_local_stack_that_was_killed_is_said_to_be_gone(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # taken, so that nobody else takes it; nothing listens on it
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
