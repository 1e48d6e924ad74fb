"""audit: who did what, when, by which way, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

import click

from imageservice_operator.cli.moment import Moment
from imageservice_operator.cli.output import facts, untrusted
from imageservice_operator.cli.session import Session, command
from imageservice_operator.operations import audit
from imageservice_operator.operations.audit import Entry
from imageservice_operator.operations.wording import exact, utc


@command("audit", "Show who did what: replays, removals, replacements.")
@click.option("--image", "image_id", metavar="ID", help="Only acts on this image.")
@click.option(
    "--since",
    type=Moment(),
    help="Only acts since this time: 2h, 3d, a date (default: 30d; with --image, all).",
)
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help="The most acts to show.")
@click.option("--all", "everything", is_flag=True, help="All acts since then.")
def show_audit(
    session: Session, image_id: str | None, since: datetime | None, limit: int, everything: bool
) -> None:
    """Show who did what to the stack or to one image, newest first.

    An act is put on record before it begins. One that is "not finished" was interrupted, or is still going on.
    """
    session.stack.output(audit.TABLE)  # raises an error that says what to do, if the deployment has no record
    # One more than are shown says whether there are more.
    found = islice(_entries(session, image_id, since), None if everything else limit + 1)
    shown = 0
    for entry in found:
        if shown == limit and not everything:
            session.say(f"Shown: {limit}. There are more; --all shows them all.")
            return
        session.emit(entry.as_json())
        show_entry(session, entry)
        shown += 1
    if not shown:
        session.show("No acts on record.")


def _entries(session: Session, image_id: str | None, since: datetime | None) -> Iterator[Entry]:
    if image_id is None:
        return audit.since(session.stack, since or datetime.now(UTC) - timedelta(days=30))
    return audit.of_image(session.stack, image_id, since=since)


def show_entry(session: Session, entry: Entry) -> None:
    """Printed one by one, so that a long record needs no memory."""
    about = entry.image or entry.execution or "the stack"
    when = utc(entry.at)
    session.show(untrusted(f"{exact(when) if when else entry.at}  {entry.action}: {entry.result}"))
    session.show(
        facts(
            {
                "about": about,
                "who": f"{entry.who} ({entry.via})",
                "options": entry.options or None,
                "execution": entry.started or (entry.execution if entry.image else None),
            }
        )
    )
