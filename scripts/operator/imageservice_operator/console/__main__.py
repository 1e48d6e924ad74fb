"""`python -m imageservice_operator.console`: the console of a deployed stack, or of the local one, until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import logging
import socket
import sys
import threading

import uvicorn

from imageservice_operator.console.server import server
from imageservice_operator.operations.errors import OperationFailed
from imageservice_operator.operations.stack import LOCAL, STATE_DIR, Stack

LOOPBACK = "127.0.0.1"
DEFAULT_PORT = 4580


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line, print the address, serve; gives the exit code."""
    parser = argparse.ArgumentParser(
        prog="console", description="A web page over a stack of the image service."
    )
    add = parser.add_argument
    add(
        "--stack",
        default=LOCAL,
        metavar="NAME",
        help="a CloudFormation stack's name (default: the local stack)",
    )
    add("--port", type=int, help=f"on loopback (default {DEFAULT_PORT}; 0: a free one)")
    add("--region", help="where that stack is (default: as the AWS CLI has it)")
    add("--profile", help="whose credentials (default: as the AWS CLI has it)")
    add("--state-dir", default=STATE_DIR, help="of the local stack (default %(default)s)")
    add("--fd", type=int, help=argparse.SUPPRESS)  # the local stack's own: a socket that listens already
    given = parser.parse_args(arguments)
    try:
        stack = Stack.find(given.stack, state_dir=given.state_dir, region=given.region, profile=given.profile)
    except OperationFailed as error:
        print(error, file=sys.stderr)
        return 1
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    if given.fd is not None:
        serving, _ = server(stack, keyed=False)
        threading.Thread(target=_end_with_input, args=(serving,), daemon=True).start()
        serving.run([socket.socket(fileno=given.fd)])
        return 0
    if given.port is None and stack.console_url:
        print(f"The local stack serves its console itself: {stack.console_url}")
        return 0
    port = DEFAULT_PORT if given.port is None else given.port
    try:
        listener = _listening(port)
    except OSError:
        print(f"port {port} is taken: choose another with --port (0 picks a free one)", file=sys.stderr)
        return 1
    serving, key = server(stack, keyed=not stack.is_local)
    address = f"http://{LOOPBACK}:{listener.getsockname()[1]}/" + (f"?key={key}" if key else "")
    print(f"The console of {stack.name}: {address}\nCtrl-C ends it.", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        serving.run([listener])
    return 0


def _listening(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((LOOPBACK, port))
    return listener


def _end_with_input(serving: uvicorn.Server) -> None:
    """The local stack holds the other end of our standard input; when it is gone, so are we."""
    sys.stdin.buffer.read()
    serving.should_exit = True


if __name__ == "__main__":
    sys.exit(main())
