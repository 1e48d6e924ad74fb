"""Command line of the local stack: `python -m local serve` and `python -m local run`."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from typing import NoReturn

if sys.version_info < (3, 11):  # noqa: UP036 - the one line that a wrong Python gets to see
    sys.exit(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}")

from local import options as local_options
from local.deployment.source import BrokenTemplate
from local.ports import PortTaken
from local.redis_server import NoRedis
from local.statefile import AlreadyRunning

UNSTARTABLE = (AlreadyRunning, PortTaken, NoRedis, BrokenTemplate)
"""What keeps a stack from starting, each explained by its message."""


class _Stopped(BaseException):
    """SIGINT or SIGTERM arrived: everything unwinds and stops in order."""


def main() -> int:
    """Parse the command line and do it; gives the exit code."""
    parser = argparse.ArgumentParser(prog="local", description="The image service on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="start the stack and serve until Ctrl-C")
    local_options.add_to(serve)
    arguments = parser.parse_args()
    try:
        options = local_options.from_arguments(arguments)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    try:
        return _serve(options)
    except UNSTARTABLE as error:
        print(error, file=sys.stderr)
        return 1
    except _Stopped:
        return 0


def _serve(options: local_options.Options) -> int:
    from local.stack import running

    with running(options) as stack:
        print(f"ready: {stack.endpoint_url} {stack.redis_url} ({options.state_dir / 'stack.json'})", flush=True)
        threading.Event().wait()
    return 0


def _stop(number: int, frame: object) -> NoReturn:
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, signal.SIG_IGN)  # stopping takes a moment; a second Ctrl-C must not cut it off
    raise _Stopped


if __name__ == "__main__":
    sys.exit(main())
