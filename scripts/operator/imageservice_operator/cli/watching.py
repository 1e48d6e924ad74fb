"""console: the same in a browser."""

from __future__ import annotations

import os
import sys

import click

from imageservice_operator.cli.group import images
from imageservice_operator.operations.stack import LOCAL


@images.command(short_help="The same in a browser.", context_settings={"ignore_unknown_options": True})
@click.option(
    "--stack", default=LOCAL, envvar="IMAGES_STACK", show_default=True, metavar="NAME", help="Which stack."
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def console(stack: str, options: tuple[str, ...]) -> None:
    """Serve the web console on this machine, with your own credentials; takes --port, --region, --profile, too."""
    command = [sys.executable, "-m", "imageservice_operator.console", "--stack", stack, *options]
    os.execv(sys.executable, command)  # noqa: S606 - no shell is wanted
