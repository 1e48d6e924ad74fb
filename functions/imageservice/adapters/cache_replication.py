"""Waits until a cluster's replicas hold what was written, so that the one that takes over has lost nothing."""

from typing import Any

from redis.crc import key_slot
from redis.exceptions import MovedError

from imageservice.core.errors import CacheUnavailable

_WAIT_MS = 500  # half of what a refresh waits for an answer

# Writes what is there once more, because WAIT is about the writes of its own connection. An older revision shows that a
# failover has undone the refresh already. Entries without a revision live for seconds, but could do the same.
_REWRITE = """
local current = redis.call('GET', KEYS[1])
local revision = current and tonumber(string.match(current, '^%d+'))
if not current then
    redis.call('SET', KEYS[1], '-', 'PX', 1)
elseif revision == 0 then
    redis.call('DEL', KEYS[1])
elseif revision and revision < tonumber(ARGV[1]) then
    return 0
else
    redis.call('SET', KEYS[1], current, 'KEEPTTL')
end
return 1
"""


def confirm(cluster: Any, key: bytes, revision: int) -> None:
    """Returns once `key` holds nothing older than `revision` on its master and on each replica that may take over.

    Those are the replicas that the master announces, or at least as many as are connected to it. It leaves out the ones
    that the cluster has found dead, and for some seconds those that are new. Raises CacheUnavailable, or what redis-py
    raises.
    """
    try:
        _confirm(cluster, key, revision)
    except MovedError:
        cluster.get(key)  # follows the redirect, and learns where the slot is now
        _confirm(cluster, key, revision)


def _confirm(cluster: Any, key: bytes, revision: int) -> None:
    pool = cluster.get_redis_connection(cluster.get_node_from_key(key)).connection_pool
    connection = pool.get_connection()
    try:
        if not _ask(connection, "EVAL", _REWRITE, 1, key, revision):
            raise CacheUnavailable("a failover has undone the refresh")
        announced = _announced(_ask(connection, "CLUSTER", "SLOTS"), key_slot(key))
        replicas = max(announced, _connected(_ask(connection, "INFO", "replication")))
        holding = _ask(connection, "WAIT", replicas, _WAIT_MS) if replicas else 0
    except BaseException:
        connection.disconnect()  # an answer may still come
        raise
    finally:
        pool.release(connection)
    if holding < replicas:
        raise CacheUnavailable(f"{replicas - holding} of {replicas} replicas do not hold the refresh yet")


def _ask(connection: Any, *command: Any) -> Any:
    connection.send_command(*command)
    return connection.read_response()


def _announced(slots: list[Any], slot: int) -> int:
    """How many nodes but the master CLUSTER SLOTS has for the slot."""
    return next(len(nodes) - 1 for first, last, *nodes in slots if first <= slot <= last)


def _connected(replication: bytes) -> int:
    """How many replicas have all data and receive each write."""
    return replication.count(b"state=online")
