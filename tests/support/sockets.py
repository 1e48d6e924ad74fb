"""The server's end of a connection after the client has closed its own."""

import http.client
from pathlib import Path
from urllib.parse import urlsplit

from imageservice_operator.operations.stack import Stack

STATES = {"01": "ESTABLISHED", "08": "CLOSE_WAIT"}
Connection = tuple[int, int]
"""The ports of the server and of the client."""


def used_and_closed(stack: Stack) -> Connection:
    """A connection to the stack's AWS endpoint, after one request and closed by the client."""
    server = urlsplit(stack.file.endpoint_url if stack.file else "")
    assert server.hostname
    assert server.port
    client = http.client.HTTPConnection(server.hostname, server.port)
    client.request("GET", "/")
    client.getresponse().read()
    ports = server.port, int(client.sock.getsockname()[1])
    client.close()
    return ports


def server_state(connection: Connection) -> str:
    """The state of the server's end, from the kernel; empty if it no longer exists."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, here, there, state, *_ = line.split()
        if (int(here.split(":")[1], 16), int(there.split(":")[1], 16)) == connection:
            return STATES.get(state, state)
    return ""
