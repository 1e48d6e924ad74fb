"""Uploads followed until each is ready, rejected or failed."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from local.client import Stack
from local.run.uploads import Upload

FINAL = ("READY", "REJECTED", "FAILED", "DELETED")
REJECTION = "ImageRejected"
"""The error that an execution ends with when the image is bad, as the workflow names it."""
BATCH = 100
"""Items that BatchGetItem gives at once."""


class Watch:
    """Follows uploads by the items of their images, and by their executions where an item doesn't tell."""

    def __init__(self, stack: Stack) -> None:
        self._dynamodb = stack.client("dynamodb")
        self._states = stack.client("stepfunctions")
        self._table = stack.outputs["ImageTableName"]
        self._deserialize = TypeDeserializer().deserialize

    def finished(
        self, uploads: Iterable[Upload], deadline: float, pause: float = 0.1
    ) -> Iterator[dict[str, Any]]:
        """The item of each upload, when it is final; ends early at `deadline` (of time.monotonic)."""
        pending = {upload.id: upload for upload in uploads}
        while pending and time.monotonic() < deadline:
            for item in self.items(list(pending)):
                if self._final(item, pending[item["id"]]):
                    del pending[item["id"]]
                    yield item
            if pending:
                time.sleep(pause)

    def items(self, ids: list[str]) -> list[dict[str, Any]]:
        """The items of those images that have one, numbers as int or float."""
        found = []
        for start in range(0, len(ids), BATCH):
            keys = [{"id": {"S": image_id}} for image_id in ids[start : start + BATCH]]
            answer = self._dynamodb.batch_get_item(
                RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}}
            )
            found += [
                {name: _plain(self._deserialize(value)) for name, value in item.items()}
                for item in answer["Responses"].get(self._table, [])
            ]
        return found

    def _final(self, item: dict[str, Any], upload: Upload) -> bool:
        current = (item.get("upload") or {}).get("version_id", "null")
        if current != upload.version_id:
            return False  # an earlier upload of this name; or a later one, which will be final in its turn
        if item["status"] in FINAL:
            return True
        # A failed execution is written into the item by another workflow, which may be late or broken itself.
        execution = item.get("execution")
        if not execution:
            return False
        described = self._states.describe_execution(executionArn=execution)
        if described["status"] in ("FAILED", "TIMED_OUT", "ABORTED"):
            if not item.get("error"):
                name = described.get("error", described["status"])
                item["error"] = {"name": name, "cause": described.get("cause", "")}
            item["status"] = "REJECTED" if item["error"]["name"] == REJECTION else "FAILED"
            return True
        return False


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (list, set)):
        return [_plain(item) for item in value]
    return value
