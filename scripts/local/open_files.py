"""How many files and sockets this process may have open at the same time."""

from __future__ import annotations

import resource

ENOUGH = 10_240
"""A call between services takes two sockets, an upload some ten calls at once; the usual limit is 1,024."""


def raise_limit() -> None:
    """Raise the soft limit to `ENOUGH`, or as far as the hard limit allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = ENOUGH if hard == resource.RLIM_INFINITY else min(ENOUGH, hard)
    if soft != resource.RLIM_INFINITY and soft < limit:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
