"""The console's own web server."""

from __future__ import annotations

import uvicorn

from imageservice_operator.console.app import create_app
from imageservice_operator.operations.stack import Stack


def server(stack: Stack, *, keyed: bool) -> tuple[uvicorn.Server, str]:
    """A server, not yet running, and its key ("" if it needs none)."""
    app = create_app(stack, keyed=keyed)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
        lifespan="off",
    )
    return uvicorn.Server(config), app.session.key or ""
