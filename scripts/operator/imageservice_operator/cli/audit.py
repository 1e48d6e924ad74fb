"""audit: who did what, when, by which way, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from itertools import islice

import click

from imageservice_operator.cli.moment import Moment
from imageservice_operator.cli.output import facts, untrusted
from imageservice_operator.cli.session import Session, command
from imageservice_operator.operations import audit, links
from imageservice_operator.operations.audit import Entry
from imageservice_operator.operations.wording import exact, utc


@command("audit", "Show who did what: replays, removals, replacements.")
@click.option("--image", "image_id", metavar="ID", help="Only acts on this image.")
@click.option(
    "--since",
    type=Moment(),
    help="Only acts since this time: 2h, 3d, a date (default: 30d; with --image, all).",
)
@click.option("--links", "of_links", is_flag=True, help="Instead, who asked for signed links, from the log.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help="The most acts to show.")
@click.option("--all", "everything", is_flag=True, help="All acts since then.")
def show_audit(
    session: Session,
    image_id: str | None,
    since: datetime | None,
    limit: int,
    *,
    of_links: bool,
    everything: bool,
) -> None:
    """Show who did what to the stack or to one image, newest first.

    An act is put on record before it begins. One that is "not finished" was interrupted, or is still going on.

    Signed links to private images are not on this record. With --links, show who asked for them, oldest first, as long
    as the functions' log is kept (default: since 1d).
    """
    if of_links:
        _show_links(session, image_id, since or datetime.now(UTC) - timedelta(days=1))
        return
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


def _show_links(session: Session, image_id: str | None, since: datetime) -> None:
    none = True
    for each in links.asked(session.stack, since, image_id):
        none = False
        session.emit(each.as_json())
        got = (
            f"a link for {each.seconds} s" if each.status == HTTPStatus.CREATED else f"{each.status}, no link"
        )
        session.show(untrusted(f"{exact(each.at)}  {got}"))
        rendition = " ".join(f"{name}={value}" for name, value in each.rendition.items())
        session.show(facts({"about": each.image_id, "who": each.who, "rendition": rendition or None}))
    if none:
        session.show("The functions' log has no request for a link since then.")


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
