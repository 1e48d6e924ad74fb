"""AuditTable: the records of who did what (imageservice.core.audit). Nothing reads it while an image is served."""

import contextlib
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from imageservice.adapters.image_table import to_dynamodb
from imageservice.core.audit import Record, as_stored
from imageservice.core.errors import StoreUnavailable
from imageservice.core.timestamps import to_text

BY_MONTH = "by-month"
"""The index whose key is month and id."""
LOG = logging.getLogger(__name__)


@dataclass
class Act:
    """An act that is going on. `outcome` is what came of it, `started` the execution that it started."""

    outcome: str = "done"
    started: str | None = None


class AuditTable:
    """The records, written through a DynamoDB client."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    @contextlib.contextmanager
    def recorded(self, record: Record) -> Iterator[Act]:
        """Stores the record before the block begins, and what came of it when it ends: an error is an outcome, too.

        Raises StoreUnavailable if the record can't be stored; then the block does not run.
        """
        self._begin(record)
        act = Act()
        try:
            yield act
        except Exception as error:  # its outcome is the error, which goes on
            self._finish(record, Act(f"failed: {type(error).__name__}: {error}"))
            raise
        except KeyboardInterrupt:
            self._finish(record, Act("interrupted"))
            raise
        self._finish(record, act)

    def _begin(self, record: Record) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self._client.put_item(TableName=self._name, Item=to_dynamodb(record))
        except (BotoCoreError, ClientError) as error:
            raise StoreUnavailable(f"the act can't be put on record, so it was not begun: {error}") from error

    def _finish(self, record: Record, act: Act) -> None:
        """Adds the outcome. If that fails, the record stays without one, as after an interruption: the act is done."""
        from botocore.exceptions import BotoCoreError, ClientError

        values: Mapping[str, Any] = {":outcome": as_stored(act.outcome), ":at": to_text(datetime.now(UTC))}
        if act.started:
            values = {**values, ":started": act.started}
        try:
            self._client.update_item(
                TableName=self._name,
                Key=to_dynamodb({"subject": record["subject"], "id": record["id"]}),
                UpdateExpression="SET outcome = :outcome, finished_at = :at"
                + (", started = :started" if act.started else ""),
                ConditionExpression="attribute_exists(id)",
                ExpressionAttributeValues=to_dynamodb(values),
            )
        except (BotoCoreError, ClientError) as error:
            LOG.warning("the outcome of an act is not on record: %s", error)
