"""failures: what failed, grouped by error, with what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

import click
from rich.padding import Padding

from imageservice_operator.cli.moment import Moment
from imageservice_operator.cli.output import escaped, status_text, table, untrusted
from imageservice_operator.cli.session import Session, command
from imageservice_operator.operations import dead_letters, failures, health
from imageservice_operator.operations.failures import WORKFLOWS, Group
from imageservice_operator.operations.health import Health
from imageservice_operator.operations.wording import ago

UNDELIVERED = "Undelivered"


@command("failures", "What failed, grouped by error, with what to do.")
@click.option("--since", type=Moment(), help="Only what failed since this time: 2h, 3d, 2026-11-22T08:00.")
@click.option("--until", type=Moment(), help="Only what failed until this time.")
@click.option("--error", metavar="NAME", help="Only this error, such as CacheUnavailable.")
@click.option("--workflow", type=click.Choice(WORKFLOWS), help="Only failures of this workflow.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 if anything failed.")
def show_failures(
    session: Session,
    since: datetime | None,
    until: datetime | None,
    error: str | None,
    workflow: str | None,
    exit_code: bool,
) -> None:
    """Show what failed and is not repaired yet, grouped by error, with what to do about it.

    Without options, this includes the events that could not be delivered (dead letters), with the error Undelivered. A
    rejected image is not a failure: its uploader gets the reason (see `images list --status REJECTED`).
    """
    undelivered = 0
    if since or until or error or workflow:
        found = failures.failed(session.stack, since=since, until=until, error=error, workflow=workflow)
        groups: Sequence[Group] = failures.grouped(found)
        _show(session, groups, "Nothing failed that matches.")
    else:
        now = health.look(session.stack, at_most=1000)
        groups, undelivered = now.groups, now.undelivered
        _show(session, groups, "" if undelivered else now.sentence)
        if undelivered:
            _show_undelivered(session, now)
    if exit_code and (groups or undelivered):
        session.not_all_well()


def _show(session: Session, groups: Sequence[Group], nothing: str) -> None:
    for group in groups:
        session.emit(group.as_json())
        show_group(session, group)
    if any(group.advice.replay for group in groups):
        session.show("When it is repaired: images replay --all")
    elif not groups and nothing:
        session.show(nothing)


def _show_undelivered(session: Session, now: Health) -> None:
    """The dead letters, in the form of a group whose failures are not listed."""
    described = {"error": UNDELIVERED, "cause": "", **asdict(dead_letters.ADVICE), "failures": []}
    session.emit({**described, "count": now.undelivered, "dead_letters": dict(now.dead_letters)})
    waiting = ", ".join(f"{number} {queue}" for queue, number in now.dead_letters.items() if number)
    session.show(f"[bold red]{UNDELIVERED}[/]  about {waiting}")
    advice = f"{dead_letters.ADVICE.meaning}\n[bold]{dead_letters.ADVICE.remedy}[/]"
    session.show(Padding(advice, (0, 0, 0, 2), expand=False))


def show_group(session: Session, group: Group) -> None:
    """One error: what it means, what to do, and the newest images that it hit."""
    number = len(group.failures)
    session.show(f"[bold red]{escaped(group.name)}[/]  {number} {'image' if number == 1 else 'images'}")
    advice = f"{escaped(group.advice.meaning)}\n[bold]{escaped(group.advice.remedy)}[/]"
    session.show(Padding(f"{advice}\nLatest cause: {escaped(group.cause)}", (0, 0, 0, 2), expand=False))
    shown = table("  image", "status", "failed", "workflow")
    for each in group.failures[:20]:
        shown.add_row(untrusted(f"  {each.id}"), status_text(each.status), ago(each.at), each.machine)
    session.show(shown)
    if len(group.failures) > 20:
        session.show(f"  … and {len(group.failures) - 20} more (--json lists them all)")
    session.show("")
