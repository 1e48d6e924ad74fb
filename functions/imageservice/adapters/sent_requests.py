"""Counts the requests that this process sends to AWS, so that a handler can log them."""

from collections import Counter
from typing import Any

_sent: Counter[str] = Counter()


def count(event_name: str, **_: Any) -> None:
    """Counts one request: a handler of botocore's event `before-send.SERVICE.Operation`."""
    _sent[event_name.removeprefix("before-send.")] += 1


def taken_requests() -> dict[str, int]:
    """The requests sent since this was last called, such as {"s3.GetObject": 2}; retries count.

    `images cost` counts what an image costs from them.
    """
    taken = dict(_sent)
    _sent.clear()
    return taken
