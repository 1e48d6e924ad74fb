"""AWS clients as every function uses them: bounded waits, a few retries, made on first use and then kept."""

from functools import cache
from typing import Any

# Well below the shortest function timeout: a call that hangs must fail while there is time to say so.
_CONNECT_TIMEOUT_S = 2
_READ_TIMEOUT_S = 10
_ATTEMPTS = 3


@cache
def client(service: str) -> Any:
    """The client of `service`; region, credentials and endpoint come from the environment."""
    # Not at the top: importing boto3 takes longer than answering a reader from the cache.
    import boto3
    from botocore.config import Config

    return boto3.client(
        service,  # type: ignore[call-overload]
        config=Config(
            connect_timeout=_CONNECT_TIMEOUT_S,
            read_timeout=_READ_TIMEOUT_S,
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
            s3={"addressing_style": "virtual"},
        ),
    )
