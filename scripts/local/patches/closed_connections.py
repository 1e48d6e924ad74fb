"""A connection that the client has closed is closed here, too, and its socket is free again.

Hypercorn, MiniStack's server, keeps it in CLOSE_WAIT until its keep-alive time is over: 362 of them after 400 uploads.

Upstream: Hypercorn (github.com/pgjones/hypercorn), `asyncio/tcp_server.py`. `TCPServer.run` leaves its task group only
when the idle task ends; `_read_data` would stop that task at the end of the client's data.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from hypercorn.asyncio.tcp_server import TCPServer

from local.patches.patch import wrap


def apply() -> None:
    """Stop waiting for the next request of a client that is gone."""
    wrap(TCPServer, "_read_data", read_data)


async def read_data(original: Callable[[TCPServer], Awaitable[None]], self: TCPServer) -> None:
    """Read to the end of the client's data."""
    await original(self)
    await self.idle_task.stop()
