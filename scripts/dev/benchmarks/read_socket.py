"""GET over a bare socket: the least that a read of Redis can take, whatever the client library."""

import socket
from typing import Any


class BareGet:
    """Gets keys from the node that `client` (redis-py's, of one node or of a cluster) would ask, without using it."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._sockets: dict[tuple[str, int], socket.socket] = {}
        self._nodes: dict[bytes, socket.socket] = {}

    def __call__(self, key: bytes) -> bytes:
        node = self._nodes.get(key) or self._node(key)
        node.sendall(b"*2\r\n$3\r\nGET\r\n$%d\r\n%s\r\n" % (len(key), key))
        answer = node.recv(65_536)
        head, _, rest = answer.partition(b"\r\n")
        length = int(head[1:])
        while len(rest) < length + 2:
            rest += node.recv(65_536)
        return rest[:length]

    def close(self) -> None:
        for node in self._sockets.values():
            node.close()

    def _node(self, key: bytes) -> socket.socket:
        """The open connection to the key's node."""
        if hasattr(self._client, "get_node_from_key"):
            node = self._client.get_node_from_key(key)
            address = node.host, node.port
        else:
            options = self._client.connection_pool.connection_kwargs
            address = options["host"], options["port"]
        if address not in self._sockets:
            self._sockets[address] = socket.create_connection(address)
            self._sockets[address].setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._nodes[key] = self._sockets[address]
        return self._nodes[key]
