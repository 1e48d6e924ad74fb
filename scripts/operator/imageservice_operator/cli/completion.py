"""completion: the script with which bash or zsh completes the command line."""

from __future__ import annotations

import json
from typing import Any

import click
from click.shell_completion import get_completion_class

from imageservice_operator.cli.group import images

SHELLS = ("bash", "zsh")


@images.command("completion", short_help="Print the completion script for bash or zsh.")
@click.argument("shell", type=click.Choice(SHELLS))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")
def completion(shell: str, as_json: bool) -> None:
    """Print the script with which a shell completes commands, options and their values.

    \b
    bash, in ~/.bashrc:  source <(images completion bash)
    zsh, in ~/.zshrc:    source <(images completion zsh)      (after compinit)
    """
    made: Any = get_completion_class(shell)
    script: str = made(images, {}, "images", "_IMAGES_COMPLETE").source()
    click.echo(json.dumps({"shell": shell, "script": script}) if as_json else script)
