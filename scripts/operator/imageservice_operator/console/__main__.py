"""`python -m imageservice_operator.console`: the console of a deployed stack, or of the local one, until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import json
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
    """Parses the command line, prints the address, and serves. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="console", description="A web console for a stack of the image service."
    )
    add = parser.add_argument
    add(
        "--stack",
        default=LOCAL,
        metavar="NAME",
        help="a CloudFormation stack's name (default: the local stack)",
    )
    add("--port", type=int, help=f"port on 127.0.0.1 (default {DEFAULT_PORT}; 0 picks a free one)")
    add("--region", help="the stack's AWS region (default: the AWS CLI's)")
    add("--profile", help="AWS credentials profile (default: the AWS CLI's)")
    add("--state-dir", default=STATE_DIR, help="the local stack's directory (default %(default)s)")
    add("--json", action="store_true", help="print the address as one JSON document")
    add("--fd", type=int, help=argparse.SUPPRESS)  # the local stack passes a socket that already listens
    options = parser.parse_args(arguments)
    try:
        stack = Stack.find(
            options.stack, state_dir=options.state_dir, region=options.region, profile=options.profile
        )
    except OperationFailed as error:
        print(error, file=sys.stderr)
        return 1
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    if options.fd is not None:
        serving, _ = server(stack, keyed=False)
        threading.Thread(target=_stop_at_end_of_input, args=(serving,), daemon=True).start()
        serving.run([socket.socket(fileno=options.fd)])
        return 0
    if options.port is None and stack.console_url:
        _say(options, stack.console_url, f"The local stack serves its console itself: {stack.console_url}")
        return 0
    port = DEFAULT_PORT if options.port is None else options.port
    try:
        listener = _listen(port)
    except OSError:
        print(f"Port {port} is in use. Choose another with --port (0 picks a free one).", file=sys.stderr)
        return 1
    serving, key = server(stack, keyed=not stack.is_local)
    address = f"http://{LOOPBACK}:{listener.getsockname()[1]}/" + (f"?key={key}" if key else "")
    _say(options, address, f"The console of {stack.name}: {address}\nCtrl-C ends it.")
    with contextlib.suppress(KeyboardInterrupt):
        serving.run([listener])
    return 0


def _say(options: argparse.Namespace, address: str, text: str) -> None:
    print(json.dumps({"url": address}) if options.json else text, flush=True)


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((LOOPBACK, port))
    listener.listen()  # a connection before the server runs waits for it
    return listener


def _stop_at_end_of_input(serving: uvicorn.Server) -> None:
    """Stops the server at the end of standard input, which the local stack holds open while it runs."""
    sys.stdin.buffer.read()
    serving.should_exit = True


if __name__ == "__main__":
    sys.exit(main())
