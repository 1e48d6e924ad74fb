"""AWS clients for every function: short timeouts, a few retries, made on first use, one per process."""

from functools import cache
from typing import Any

from imageservice.adapters.sent_requests import count

# Well below the shortest function timeout: a call that hangs must fail while there is time to say so.
_CONNECT_TIMEOUT_S = 2
_READ_TIMEOUT_S = 10
_ATTEMPTS = 3
# A reader waits for a web page: 2 attempts end within 3 s, and so within a lease's 5 s (adapters/manifest_cache).
_READER_TIMEOUT_S = 0.5, 1
_READER_ATTEMPTS = 2


@cache
def client(service: str, *, for_readers: bool = False) -> Any:
    """The client of `service` that this process keeps, as `new_client` makes it."""
    return new_client(service, for_readers=for_readers)


def new_client(service: str, *, for_readers: bool = False) -> Any:
    """A client of `service`; region, credentials and endpoint come from the environment.

    A reader's client gives up sooner: to a reader, "try again" is worth more than a late answer.
    """
    connect, read = _READER_TIMEOUT_S if for_readers else (_CONNECT_TIMEOUT_S, _READ_TIMEOUT_S)
    # Not at the top: importing boto3 takes longer than answering a reader from the cache.
    import boto3
    from botocore.config import Config

    made = boto3.client(
        # The types know each service by its own name, not one that is only given here.
        service,  # type: ignore[call-overload]
        config=Config(
            connect_timeout=connect,
            read_timeout=read,
            retries={
                "mode": "standard",
                "total_max_attempts": _READER_ATTEMPTS if for_readers else _ATTEMPTS,
            },
            s3={"addressing_style": "virtual"},
            # botocore still presigns forms with version 2 in the oldest regions, which newer buckets refuse.
            signature_version="s3v4" if service == "s3" else None,
        ),
    )
    made.meta.events.register("before-send", count)
    return made
