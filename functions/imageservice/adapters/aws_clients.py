"""AWS clients of the functions: short timeouts, a few retries, made on first use, one per process.

The reader has none (imageservice.adapters.item_reader).
"""

from functools import cache
from typing import Any

from imageservice.adapters.sent_requests import count

# Well below the shortest function timeout: a call that hangs must fail while there is time to say so.
_CONNECT_TIMEOUT_S = 2
_READ_TIMEOUT_S = 10
_ATTEMPTS = 3


@cache
def client(service: str) -> Any:
    """The client of `service` that this process keeps, as `new_client` makes it."""
    return new_client(service)


def new_client(service: str) -> Any:
    """A client of `service`; region, credentials and endpoint come from the environment."""
    # Not at the top: importing boto3 takes longer than answering a reader from the cache.
    import boto3
    from botocore.config import Config

    made = boto3.client(
        # The types know each service by its own name, not one that is only given here.
        service,  # type: ignore[call-overload]
        config=Config(
            connect_timeout=_CONNECT_TIMEOUT_S,
            read_timeout=_READ_TIMEOUT_S,
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
            s3={"addressing_style": "virtual"},
            # botocore still presigns forms with version 2 in the oldest regions, which newer buckets refuse.
            signature_version="s3v4" if service == "s3" else None,
        ),
    )
    made.meta.events.register("before-send", count)
    return made
