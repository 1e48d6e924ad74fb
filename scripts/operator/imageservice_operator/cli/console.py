"""console: serve the web console on this machine."""

from __future__ import annotations

import importlib.util
import os
import sys

import click

from imageservice_operator.cli.group import images
from imageservice_operator.cli.session import REFUSED, stack_options

# What the extra `console` of pyproject.toml installs, by the modules' names.
_EXTRA = ("jinja2", "python_multipart", "quickjs", "starlette", "uvicorn")


@images.command(short_help="Serve the web console on this machine.")
@stack_options
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="The port on loopback (default: 4580; 0 picks a free one).",
)
@click.option("--json", "as_json", is_flag=True, help="Print the address as one JSON document.")
def console(
    stack_name: str,
    region: str | None,
    profile: str | None,
    state_dir: str,
    port: int | None,
    as_json: bool,
) -> None:
    """Serve the web console of a stack on this machine, with your own AWS credentials, until Ctrl-C."""
    missing = [module for module in _EXTRA if importlib.util.find_spec(module) is None]
    if missing:
        click.echo(
            f"The web console is not installed ({', '.join(missing)} missing). Install the package with its extra:"
            " pip install 'cloud-native-image-service[console]', or in a clone: pip install '.[console]'.",
            err=True,
        )
        sys.exit(REFUSED)
    options = {
        "--stack": stack_name,
        "--region": region,
        "--profile": profile,
        "--state-dir": state_dir,
        "--port": port,
    }
    chosen = [f"{name}={value}" for name, value in options.items() if value is not None]
    chosen += ["--json"] if as_json else []
    # The command line and the console import nothing from each other; this process becomes the console.
    command = [sys.executable, "-m", "imageservice_operator.console", *chosen]
    os.execv(sys.executable, command)  # noqa: S606 - it needs no shell
