"""EventBridge events of a versioned bucket carry `version-id`.

MiniStack knows it and puts it into notifications, but leaves it out of the EventBridge event. Without it a
function reads whatever version is newest by then.
"""

from __future__ import annotations

import contextvars
import json
from typing import Any

from local.patches.patch import Patch

_VERSION: contextvars.ContextVar[str | None] = contextvars.ContextVar("version", default=None)


def apply(patch: Patch) -> None:
    """Remember the version while S3 makes the event, add it while EventBridge takes it."""
    from ministack.services import eventbridge, s3

    def fire(*args: Any, **kwargs: Any) -> None:
        token = _VERSION.set(kwargs.get("version_id"))
        try:
            ministack_fire(*args, **kwargs)
        finally:
            _VERSION.reset(token)

    def dispatch(event: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        version = _VERSION.get()
        if version and event.get("Source") == "aws.s3":
            detail = json.loads(event["Detail"])
            detail["object"]["version-id"] = version
            event = {**event, "Detail": json.dumps(detail)}
        ministack_dispatch(event, *args, **kwargs)

    ministack_fire = patch.set(s3, "_fire_s3_event", fire)
    ministack_dispatch = patch.set(eventbridge, "_dispatch_event", dispatch)
