"""Command line of the local stack: `python -m local serve`, `python -m local run` and `python -m local update`."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - the one line that a wrong Python gets to see
    sys.exit(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}")

from local import garbage
from local import options as local_options
from local.deployment.errors import BrokenTemplate
from local.deployment.parameters import ParametersRefused
from local.ports import PortTaken
from local.redis_server import NoRedis
from local.signals import Stopped, raise_on_signals
from local.statefile import AlreadyRunning

UNSTARTABLE = (AlreadyRunning, PortTaken, NoRedis, BrokenTemplate, ParametersRefused)
"""The errors that keep a stack from starting; the message of each explains it."""


def main() -> int:
    """Parse the command line and run the command. Returns the exit code."""
    garbage.put_off()
    parser = argparse.ArgumentParser(prog="local", description="The image service on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="start the stack and serve until Ctrl-C")
    local_options.add_to(serve)
    run = commands.add_parser(
        "run",
        prog="./scripts/run",
        help="start the stack, upload images, show their renditions, keep serving",
    )
    run.add_argument(
        "files", nargs="*", type=Path, metavar="FILE", help="images (default: three sample photos)"
    )
    run.add_argument(
        "--once", action="store_true", help="print one JSON object per file and exit: 0 if all are READY"
    )
    run.add_argument(
        "--time-limit", type=float, default=300, metavar="S", help="seconds to wait (default %(default)s)"
    )
    local_options.add_to(run)
    update = commands.add_parser(
        "update", prog="./scripts/run update", help="update the running stack in place, as sam deploy does"
    )
    local_options.add_deployed_to(update)
    update.add_argument(
        "--stack-name",
        default=local_options.Options.stack_name,
        help="CloudFormation's name (default %(default)s)",
    )
    arguments, unknown = parser.parse_known_args()
    if unknown:  # the command's own parser reports this, because its name is the one that the user typed
        {"serve": serve, "run": run, "update": update}[arguments.command].error(
            f"unrecognized arguments: {' '.join(unknown)}"
        )
    raise_on_signals()
    try:
        if arguments.command == "update":
            return _update(arguments)
        options = local_options.from_arguments(arguments)
        return _serve(options) if arguments.command == "serve" else _run(options, arguments)
    except local_options.UnusableOption as error:
        print(error, file=sys.stderr)
        return 2
    except UNSTARTABLE as error:
        print(error, file=sys.stderr)
        return 1
    except Stopped as stopped:
        if arguments.command == "serve":
            return 0
        name = signal.Signals(stopped.number).name
        print(f"stopped by {name} before all images were ready", file=sys.stderr)
        return 128 + stopped.number


def _serve(options: local_options.Options) -> int:
    from local.stack import running

    with running(options) as stack:
        garbage.keep_what_is()
        print(
            f"ready: {stack.endpoint_url} {stack.redis_url or 'no cache'} ({options.state_dir / 'stack.json'})",
            flush=True,
        )
        threading.Event().wait()
    return 0


def _update(arguments: argparse.Namespace) -> int:
    from imageservice_operator.operations.errors import StackNotFound
    from local.update import update

    parameters = local_options.parameters(arguments)
    try:
        update(
            arguments.state_dir,
            arguments.template,
            parameters,
            arguments.stack_name,
            versions=arguments.versions,
        )
    except StackNotFound as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _run(options: local_options.Options, arguments: argparse.Namespace) -> int:
    from local.run.command import Request, StackGone, run
    from local.run.files import UnusableFiles

    try:
        return run(options, Request(arguments.files, arguments.once, arguments.time_limit))
    except UnusableFiles as error:
        print(error, file=sys.stderr)
        return 2
    except StackGone as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    code = main()
    garbage.keep_what_is()
    sys.exit(code)
