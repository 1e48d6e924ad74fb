"""A server that accepts connections, and then hangs or says the same to everything."""

import contextlib
import socket
import threading


class Listener:
    """A server that accepts connections and sends `answer` to each request; None: it never answers."""

    def __init__(self, answer: bytes | None) -> None:
        self._answer = answer
        self._server = socket.create_server(("127.0.0.1", 0))
        self._held: list[socket.socket] = []
        self.received = b""
        self.url = f"redis://127.0.0.1:{self._server.getsockname()[1]}/0"

    @property
    def connections(self) -> int:
        """How many connections were made so far."""
        return len(self._held)

    def __enter__(self) -> "Listener":
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._server.close()
        for connection in self._held:
            connection.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._server.accept()
                self._held.append(connection)
                if self._answer is not None:
                    threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while received := connection.recv(4096):
                self.received += received
                connection.sendall(self._answer or b"")
