"""Whether renditions may go: not while an execution may still bring them to readers."""

from collections.abc import Mapping
from typing import Any

from imageservice.core.keys import source_identity


def is_at_work(item: Mapping[str, Any], execution: str, upload: Mapping[str, Any]) -> bool:
    """Whether an execution other than `execution` is to process the same upload.

    Under the plan that made these renditions, it makes the same keys again.
    """
    if item.get("status") not in ("PROCESSING", "FAILED") or item.get("execution") == execution:
        return False
    return "upload" in item and source_identity(item["upload"]) == source_identity(upload)
