"""failures: what failed, grouped by error, with what to do."""

from __future__ import annotations

from datetime import datetime

import click
from rich.padding import Padding

from imageservice_operator.cli.moment import Moment
from imageservice_operator.cli.output import escaped, status_text, table, untrusted
from imageservice_operator.cli.session import Session, command
from imageservice_operator.operations import failures
from imageservice_operator.operations.failures import Group
from imageservice_operator.operations.wording import ago


@command("failures", "What failed, grouped by error, with what to do.")
@click.option("--since", type=Moment(), help="Only what failed since this time: 2h, 3d, 2026-11-22T08:00.")
@click.option("--error", metavar="NAME", help="Only this error, such as CacheUnavailable.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 if anything failed.")
def show_failures(session: Session, since: datetime | None, error: str | None, exit_code: bool) -> None:
    """Show what failed and is not repaired yet, grouped by error, with what to do about it.

    A rejected image is not a failure: its uploader gets the reason (see `images list --status REJECTED`).
    """
    groups = failures.grouped(failures.failed(session.stack, since=since, error=error))
    for group in groups:
        session.emit(group.as_json())
        show_group(session, group)
    if not groups:
        session.show("Nothing failed.")
    elif any(group.advice.replay for group in groups):
        session.show("When it is repaired: images replay --all")
    if groups and exit_code:
        session.not_all_well()


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
