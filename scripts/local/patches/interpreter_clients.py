"""The interpreter's tasks call this stack, as the state machine's role.

moto would call its own server on a port of its own, with made-up credentials, and make a new client for each
call (30 ms of processor time).

Upstream: moto, `moto/stepfunctions/parser/asl/utils/boto_client.py`. `boto_client_for` would take its endpoint and
credentials from a provider that a host sets, and keep its clients by service, region and role.
"""

from __future__ import annotations

import sys

import moto.stepfunctions.parser.asl.parse.asl_parser  # noqa: F401 - imports every module that makes clients

from local.patches.patch import replace
from local.stepfunctions.clients import Clients


def apply(clients: Clients) -> None:
    """Replace `boto_client_for` in every module that has imported it by name."""
    for name, module in list(sys.modules.items()):
        if name.startswith("moto.stepfunctions.") and hasattr(module, "boto_client_for"):
            replace(module, "boto_client_for", clients.client_for)
