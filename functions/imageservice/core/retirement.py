"""Whether renditions may go: not while an execution may still bring them to readers."""

from collections.abc import Mapping
from typing import Any

from imageservice.core.keys import source_identity
from imageservice.core.sequencer import is_newer


def is_at_work(item: Mapping[str, Any], execution: str, upload: Mapping[str, Any]) -> bool:
    """Whether an execution other than `execution` is to process the same upload.

    Under the plan that made these renditions, it makes the same keys again.
    """
    if item.get("status") not in ("PROCESSING", "FAILED") or item.get("execution") == execution:
        return False
    return "upload" in item and source_identity(item["upload"]) == source_identity(upload)


def may_be_recorded(item: Mapping[str, Any], sequencer: str | None) -> bool:
    """Whether an upload with this sequencer may still be recorded, although another one is the latest.

    Record image has the same rule: the latest one may be bad, and then the newest good one is served. Another delivery
    of the upload's event makes the same keys.
    """
    if sequencer is None or item.get("sequencer") in (None, sequencer):
        return False
    return "revision" not in item or is_newer(sequencer, item.get("served_sequencer", ""))
