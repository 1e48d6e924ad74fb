"""Who did what on a stack: puts operators' acts on record, and reads the records (imageservice.core.audit)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from imageservice.adapters.audit_table import BY_MONTH, Act, AuditTable
from imageservice.adapters.image_table import from_dynamodb, to_dynamodb
from imageservice.core import audit
from imageservice.core.audit import Actor
from imageservice.core.timestamps import to_text
from imageservice_operator.operations.images import check_keys
from imageservice_operator.operations.stack import Stack

TABLE = "AuditTableName"
"""The stack's output with the table's name. A deployment of an earlier version has none: nothing is on record."""
NOT_FINISHED = "not finished"
_PAGE = 500


@dataclass(frozen=True)
class Entry:
    """One record. `execution` is what was acted on, `started` the execution that the act started.

    `outcome` is None if the act was interrupted, or is still going on.
    """

    at: str
    who: str
    via: str
    action: str
    image: str | None
    execution: str | None
    started: str | None
    details: Mapping[str, Any]
    outcome: str | None
    finished_at: str | None

    @property
    def result(self) -> str:
        """The outcome in words."""
        return self.outcome if self.outcome is not None else NOT_FINISHED

    @property
    def options(self) -> str:
        """The details as text: "force, prefix shop/"."""
        return ", ".join(
            name if value is True else f"{name} {' '.join(value) if isinstance(value, list) else value}"
            for name, value in self.details.items()
        )

    def is_about(self, execution: str) -> bool:
        """Whether the act was on this execution, or started it."""
        return execution in (self.execution, self.started)

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "details": dict(self.details)}


@contextlib.contextmanager
def recorded(
    stack: Stack,
    action: str,
    *,
    image: str | None = None,
    execution: str | None = None,
    **details: Any,
) -> Iterator[Act]:
    """Puts the act that is the block on record: before it begins, and with its outcome when it ends.

    An error in the block is its outcome, and goes on. `details` are the act's options, each a text, a number or a list
    of texts; those that are None, False or empty are left out. Raises StoreUnavailable if the act can't be put on
    record; then the block does not run. A deployment of an earlier version keeps no record.
    """
    if TABLE not in stack.outputs:
        yield Act()
        return
    table = AuditTable(stack.client("dynamodb"), stack.output(TABLE))
    options = {name: value for name, value in details.items() if value}
    actor = Actor(stack.caller, stack.via)
    now = datetime.now(UTC)
    record = audit.record_of(actor, action, now, image=image, execution=execution, details=options)
    with table.recorded(record) as act:
        yield act


def of_image(
    stack: Stack, image_id: str, *, since: datetime | None = None, limit: int | None = None
) -> Iterator[Entry]:
    """The records of acts on an image, newest first. Raises BadRequest for an id that no object in S3 can have."""
    check_keys([image_id])
    return _of_subject(stack, audit.image_subject(image_id), since, limit)


def of_execution(stack: Stack, arn: str, image_id: str | None, limit: int) -> list[Entry]:
    """The records of acts on an execution, newest first; of those on its image, the newest `limit` are looked at."""
    if image_id is None:
        return list(_of_subject(stack, audit.execution_subject(arn), None, limit))
    return [entry for entry in of_image(stack, image_id, limit=limit) if entry.is_about(arn)]


def since(stack: Stack, moment: datetime) -> Iterator[Entry]:
    """The records of all acts since a moment, newest first, read as they are needed."""
    month, oldest = datetime.now(UTC).replace(day=1), max(moment, datetime.now(UTC) - audit.KEPT)
    while audit.month_of(month) >= audit.month_of(oldest):
        yield from _queried(
            stack,
            None,
            IndexName=BY_MONTH,
            KeyConditionExpression="#month = :month AND id >= :since",
            ExpressionAttributeNames={"#month": "month"},
            ExpressionAttributeValues=to_dynamodb(
                {":month": audit.month_of(month), ":since": to_text(moment)}
            ),
        )
        month = (month - timedelta(days=1)).replace(day=1)


def _of_subject(stack: Stack, subject: str, since: datetime | None, limit: int | None) -> Iterator[Entry]:
    return _queried(
        stack,
        limit,
        KeyConditionExpression="subject = :subject AND id >= :since",
        ExpressionAttributeValues=to_dynamodb(
            {":subject": subject, ":since": to_text(since) if since else "0"}
        ),
        ConsistentRead=True,
    )


def _queried(stack: Stack, limit: int | None, **query: Any) -> Iterator[Entry]:
    if TABLE not in stack.outputs:
        return iter(())
    pages = (
        stack.client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName=stack.output(TABLE),
            ScanIndexForward=False,
            PaginationConfig={"PageSize": min(limit or _PAGE, _PAGE)},
            **query,
        )
    )
    found = (_entry(from_dynamodb(record)) for page in pages for record in page["Items"])
    return islice(found, limit)


def _entry(record: Mapping[str, Any]) -> Entry:
    return Entry(
        at=audit.began_at(record),
        who=record["who"],
        via=record["via"],
        action=record["action"],
        image=record.get("image"),
        execution=record.get("execution"),
        started=record.get("started"),
        details=record.get("details", {}),
        outcome=record.get("outcome"),
        finished_at=record.get("finished_at"),
    )
