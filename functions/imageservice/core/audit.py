"""Who did what: a record for each act of an operator, or of a client of the API that removes or replaces an image.

A record is written before its act, and gets an `outcome` after it. So one without an outcome was interrupted, or is
still going on. Uploads of new images have none: their originals say who stored them (core/original_metadata).

    subject     what it is about: image:ID, execution:ARN or, for the whole deployment, stack
    id          when it began, and digits that distinguish records of the same moment; sorts by time
    month       2026-11: the key of the index that lists all records by time
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NotRequired, TypedDict

from imageservice.core.timestamps import to_text

KEPT = timedelta(days=400)
"""How long a record is kept: more than a year, so that a yearly review sees all of it."""
STACK = "stack"
# Of any text in a record: an item has at most 400 kB, and a console shows many records on one page.
_LONGEST = 1000


class Record(TypedDict):
    """One act. `via` is the way it was done: the command line, the console or the API.

    `details` are its options. `execution` is the one that it acted on, `started` the one that it started.
    """

    subject: str
    id: str
    month: str
    action: str
    who: str
    via: str
    image: NotRequired[str]
    execution: NotRequired[str]
    started: NotRequired[str]
    details: NotRequired[Mapping[str, Any]]
    outcome: NotRequired[str]
    finished_at: NotRequired[str]
    expires_at: int


@dataclass(frozen=True)
class Actor:
    """Who acts (an IAM principal's ARN, a token's subject, or a user of this machine), and via what."""

    who: str
    via: str


def image_subject(image_id: str) -> str:
    """The subject of acts on an image."""
    return f"image:{image_id}"


def execution_subject(arn: str) -> str:
    """The subject of acts on an execution that is not about one image."""
    return f"execution:{arn}"


def record_of(
    actor: Actor,
    action: str,
    at: datetime,
    *,
    image: str | None = None,
    execution: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> Record:
    """The record of an act that begins now. Its subject is the image, otherwise the execution, otherwise the stack."""
    subject = image_subject(image) if image else execution_subject(execution) if execution else STACK
    began, who = to_text(at), as_stored(actor.who)
    act = f"{subject}\n{began}\n{who}\n{actor.via}\n{action}"
    digits = hashlib.sha256(act.encode()).hexdigest()[:12]
    record = Record(
        subject=subject,
        id=f"{began}#{digits}",
        month=month_of(at),
        action=action,
        who=who,
        via=actor.via,
        expires_at=int((at + KEPT).timestamp()),
    )
    if image:
        record["image"] = image
    if execution:
        record["execution"] = execution
    if details:
        record["details"] = {name: _bounded(value) for name, value in details.items()}
    return record


def began_at(record: Mapping[str, Any]) -> str:
    """When the act began, as text."""
    began: str = record["id"].partition("#")[0]
    return began


def month_of(at: datetime) -> str:
    """The key of the index by time."""
    return to_text(at)[:7]


def as_stored(text: str) -> str:
    """The text as a record holds it: bounded, and valid UTF-8, which a claim of a token may not be."""
    valid = text.encode(errors="replace").decode()
    return valid if len(valid) <= _LONGEST else valid[: _LONGEST - 1] + "…"


def _bounded(value: Any) -> Any:
    return as_stored(value) if isinstance(value, str) else value
