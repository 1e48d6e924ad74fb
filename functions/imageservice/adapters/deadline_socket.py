"""A connection whose every step ends by one moment, also if the other side sends a byte now and then."""

import io
import socket
import ssl
import time
from typing import Any


class DeadlineSocket:
    """A connected socket that sends and receives until `until`, a moment of time.monotonic().

    After that, it raises TimeoutError. It has what http.client needs of a socket.
    """

    def __init__(self, connected: socket.socket, until: float) -> None:
        self._socket = connected
        self.until = until

    def sendall(self, data: Any) -> None:
        self._socket.settimeout(_left(self.until))
        self._socket.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:  # noqa: ARG002 - http.client only reads
        return io.BufferedReader(_Received(self, self._socket.makefile("rb", buffering=0)))

    def receive_into(self, buffer: Any, received: Any) -> int | None:
        self._socket.settimeout(_left(self.until))
        count: int | None = received.readinto(buffer)
        return count

    def close(self) -> None:
        self._socket.close()


class _Received(io.RawIOBase):
    """What a socket receives. The raw file keeps the socket open until the last byte is read."""

    def __init__(self, limited: DeadlineSocket, received: Any) -> None:
        self._limited, self._raw = limited, received

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        return self._limited.receive_into(buffer, self._raw)

    def close(self) -> None:
        self._raw.close()
        super().close()


def connect(host: str, port: int, until: float, tls: ssl.SSLContext | None) -> DeadlineSocket:
    """Connects to the first of the host's addresses that answers. Raises OSError, and so TimeoutError.

    The name is looked up by the system's resolver, which alone has no deadline.
    """
    failure = OSError(f"{host} has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        plain = socket.socket(family, kind, protocol)
        try:
            plain.settimeout(_left(until))
            plain.connect(address)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            plain.settimeout(_left(until))
            return DeadlineSocket(tls.wrap_socket(plain, server_hostname=host) if tls else plain, until)
        except OSError as error:
            plain.close()
            failure = error
    raise failure


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("the time for the answer is used up")
    return left
