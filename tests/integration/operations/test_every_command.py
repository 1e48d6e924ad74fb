"""Every command: only JSON on standard output with --json, and tables that fit 80 columns without it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rich.cells import cell_len

from imageservice_operator.cli.__main__ import images as command_line
from imageservice_operator.cli.group import COMMANDS
from imageservice_operator.operations import images

ID = (
    "walk/"
    + "a long name of a photo, as phones and people give them, ".replace(" ", "-") * 3
    + "été 写真.jpg"
)
FOLLOWED = "walk/removed.jpg"
PHOTO, EXECUTION = object(), object()
# What each command is called with. Nothing runs and nothing has failed when it is called.
CALLS: Mapping[str, Sequence[Sequence[Any]]] = {
    "upload": [[PHOTO, "--id", ID], [PHOTO, "--id", FOLLOWED, "--no-wait"]],
    "describe": [
        [ID],
        [ID, "--alt", "A photo, " * 20, "--tag", "one", "--tag", "two"],
        [ID, "--remove", "all"],
    ],
    "status": [[], [ID]],
    "link": [[ID], [ID, "--size", "thumb", "--expires", "5min"]],
    "watch": [["--count", "1"]],
    "list": [[]],
    "executions": [[], ["--image", ID]],
    "history": [[ID], [EXECUTION], [EXECUTION, "--events"]],
    "logs": [[ID]],
    "failures": [[]],
    "replay": [["--all", "--dry-run"], [ID], ["--dlq", "--dry-run"]],
    "reconcile": [[], ["--storage", "--dry-run"]],
    "reprocess": [[ID, "--dry-run"], ["--prefix", "walk/", "--dry-run"]],
    "stop": [["--running", "--workflow", "ReprocessImages", "--yes"]],
    "plan": [["show"], ["show", ID], ["exposed"]],
    "remove": [[FOLLOWED, "--yes"]],
    "restore": [[FOLLOWED, "--list"], [FOLLOWED, "--no-wait"]],
    "focus": [[ID, "0.5,0.5"]],
    "audit": [[], ["--links"]],
    "console": [],
    "cost": [["--sample", "1"]],
    "completion": [["bash"]],
}


def called(
    service: Any, tmp_path: Path, photo: Any, command: str, arguments: Sequence[Any], *more: str
) -> Result:
    path = tmp_path / "photo.jpg"
    path.write_bytes(photo(7))
    execution = (images.get(service.stack, ID).execution or "") if EXECUTION in arguments else ""
    typed = [str({PHOTO: path, EXECUTION: execution}.get(each, each)) for each in arguments]
    own = [] if command == "completion" else ["--state-dir", str(service.state_dir)]
    ended = CliRunner().invoke(command_line, [command, *typed, *own, *more], env={"COLUMNS": "80"})
    assert ended.exit_code in (0, 1), ended.output
    return ended


def test_every_command_is_called() -> None:
    assert set(CALLS) == set(COMMANDS)


@pytest.mark.parametrize("command", [command for command in COMMANDS if CALLS.get(command)])
def test_it_prints_only_json_if_asked_and_fits_80_columns_otherwise(
    service: Any, tmp_path: Path, photo: Any, command: str
) -> None:
    for arguments in CALLS[command]:
        ended = called(service, tmp_path, photo, command, arguments, "--json")
        for line in ended.stdout.splitlines():
            assert isinstance(json.loads(line), dict)
        if command in ("remove", "restore", "focus", "completion"):
            continue  # it is done; a script is no table
        ended = called(service, tmp_path, photo, command, arguments)
        assert ended.stdout
        for line in ended.stdout.splitlines():
            # What people copy is never broken: links, ARNs, keys, ids.
            copied = any(each in line for each in ("arn:", "http:", ID))
            assert copied or cell_len(line) <= 80, line


def test_the_console_prints_its_address_as_json(service: Any) -> None:
    command = [
        Path(__file__).parents[3] / "scripts/images",
        "console",
        "--json",
        "--state-dir",
        service.state_dir,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"url": service.stack.console_url}
