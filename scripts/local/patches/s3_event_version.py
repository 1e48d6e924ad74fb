"""EventBridge events of a versioned bucket carry `version-id`.

MiniStack knows it and puts it into notifications, but leaves it out of the EventBridge event. Without it, a function
reads the version that is the newest by then.

Upstream: MiniStack, `services/s3.py`, `_fire_s3_event`. Where it builds the event's `detail.object`, add
`"version-id": version_id` if there is one.
"""

from __future__ import annotations

import contextvars
import json
from collections.abc import Callable
from typing import Any

from ministack.services import eventbridge, s3

from local.patches.patch import wrap

_VERSION: contextvars.ContextVar[str | None] = contextvars.ContextVar("version", default=None)
"""The version of the object whose event S3 is making, for this call only."""


def apply() -> None:
    """Remember the version while S3 makes the event, add it while EventBridge takes it."""
    wrap(s3, "_fire_s3_event", fire)
    wrap(eventbridge, "_dispatch_event", dispatch)


def fire(original: Callable[..., None], *args: Any, **kwargs: Any) -> None:
    """Make the event, with its version known to `dispatch`."""
    token = _VERSION.set(kwargs.get("version_id"))
    try:
        original(*args, **kwargs)
    finally:
        _VERSION.reset(token)


def dispatch(original: Callable[..., None], event: dict[str, Any], *args: Any, **kwargs: Any) -> None:
    """Dispatch the event, with the version if S3 is making it."""
    version = _VERSION.get()
    if version and event.get("Source") == "aws.s3":
        detail = json.loads(event["Detail"])
        detail["object"]["version-id"] = version
        event = {**event, "Detail": json.dumps(detail)}
    original(event, *args, **kwargs)
