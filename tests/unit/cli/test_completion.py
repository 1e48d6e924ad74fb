"""Completion in the real shells: what Tab offers after the words that are typed so far."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from imageservice_operator.cli.__main__ import images
from imageservice_operator.cli.group import COMMANDS

# The parts that only an interactive shell has are replaced by ones that print.
SHELLS = {
    "bash": """
        source <(images completion bash)
        read -ra COMP_WORDS <<< "$TYPED"
        [[ $TYPED != *" " ]] || COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _images_completion images
        printf '%s\\n' "${COMPREPLY[@]}"
    """,
    "zsh": """
        compdef() { :; }
        _describe() { print -l -- ${completions_with_descriptions%%:*}; }
        compadd() { print -l -- $completions; }
        source <(images completion zsh)
        words=(${(s: :)TYPED}); [[ $TYPED != *" " ]] || words+=("")
        CURRENT=${#words}
        _images_completion
    """,
}


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> str:
    """A shell that this machine has; the gate's stage installs zsh where it may."""
    name: str = request.param
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    return name


def offered(shell: str, typed: str, folder: Path) -> list[str]:
    program = folder / "images"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m imageservice_operator.cli "$@"\n')
    program.chmod(0o755)
    environment = {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(sys.path),
        "TYPED": typed,
    }
    no_settings = {"bash": "--norc", "zsh": "-f"}[shell]
    done = subprocess.run(
        [shell, no_settings, "-c", SHELLS[shell]], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_tab_offers_the_values_of_an_option(shell: str, tmp_path: Path) -> None:
    assert offered(shell, "images list --status RE", tmp_path) == ["READY", "REJECTED"]


def test_tab_after_the_programs_name_offers_every_command(shell: str, tmp_path: Path) -> None:
    assert sorted(offered(shell, "images ", tmp_path)) == sorted(COMMANDS)


def test_the_script_is_one_document_with_json() -> None:
    ended = CliRunner().invoke(images, ["completion", "zsh", "--json"])
    assert json.loads(ended.stdout)["script"].lstrip().startswith("#compdef images")


def test_another_shell_is_a_usage_error() -> None:
    assert CliRunner().invoke(images, ["completion", "fish"]).exit_code == 2
