"""Loopback ports: a given one or any free one, held until its service takes it over."""

from __future__ import annotations

import socket

LOOPBACK = "127.0.0.1"


class PortTaken(Exception):
    """Another process listens on the given port; the message names the port and the option."""


def listening(port: int, option: str) -> socket.socket:
    """A socket bound to `port` on loopback (0: any free one). Raises PortTaken, naming `option`."""
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((LOOPBACK, port))
    except OSError as error:
        taken.close()
        raise PortTaken(f"port {port} is taken: choose another with {option} (0 picks a free one)") from error
    return taken


def free(port: int, option: str) -> int:
    """`port` if it is free (0: any free one), for a service that binds it itself. Raises PortTaken."""
    with listening(port, option) as bound:
        return int(bound.getsockname()[1])
