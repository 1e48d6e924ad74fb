"""failures, replay, reconcile: what broke, and how it is put right."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from rich.padding import Padding

from imageservice_operator.cli.session import Session, command
from imageservice_operator.cli.shown import ago, counting, marked, plain, status_text, table
from imageservice_operator.operations import dead_letters, failures, reconcile, replay
from imageservice_operator.operations.failures import FailedImage, Group
from imageservice_operator.operations.replay import Outcome

_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}


class Moment(click.ParamType[datetime]):
    """A point in time: 90min, 2h, 3d ago, or a date and time in ISO 8601 (in UTC where it has no zone)."""

    name = "WHEN"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        span = re.fullmatch(r"(\d+)\s*(s|min|m|h|d|w)", value)
        if span:
            return datetime.now(UTC) - timedelta(seconds=int(span[1]) * _UNITS[span[2]])
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail("give 90min, 2h, 3d, or a date such as 2026-11-22T08:00", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@command("failures", "What failed, grouped by error, with what to do.")
@click.option("--since", type=Moment(), help="What failed since then: 2h, 3d, 2026-11-22T08:00.")
@click.option("--error", help="Only this error, such as CacheUnavailable.")
@click.option("--exit-code", is_flag=True, help="End with 1 if there are any.")
def show_failures(session: Session, since: datetime | None, error: str | None, exit_code: bool) -> None:
    """What failed and is not put right yet, grouped by error, with what to do about it.

    Rejected images are not failures: their uploaders were told why (list --status REJECTED has them).
    """
    groups = failures.grouped(failures.failed(session.stack, since=since, error=error))
    for group in groups:
        session.emit(group.as_json())
        show_group(session, group)
    if not groups:
        session.show("Nothing failed.")
    elif any(group.advice.replay for group in groups):
        session.show("When it is repaired: ./scripts/images replay --all")
    if groups and exit_code:
        session.not_all_well()


def show_group(session: Session, group: Group) -> None:
    """One error: what it means, what to do, and the first images that it hit."""
    number = len(group.failures)
    session.show(f"[bold red]{marked(group.name)}[/]  {number} {'image' if number == 1 else 'images'}")
    advice = f"{marked(group.advice.meaning)}\n[bold]{marked(group.advice.remedy)}[/]"
    session.show(Padding(f"{advice}\nLatest cause: {marked(group.cause)}", (0, 0, 0, 2), expand=False))
    shown = table("  image", "status", "failed", "workflow")
    for each in group.failures[:20]:
        shown.add_row(plain(f"  {each.id}"), status_text(each.status), ago(each.at), each.machine)
    session.show(shown)
    if len(group.failures) > 20:
        session.show(f"  … and {len(group.failures) - 20} more (--json lists them all)")
    session.show("")


@command("replay", "Take failed work up again where it stopped.")
@click.argument("which", nargs=-1, metavar="[ID|EXECUTION]...")
@click.option("--all", "everything", is_flag=True, help="All that failed.")
@click.option("--since", type=Moment(), help="All that failed since then: 2h, 3d, a date.")
@click.option("--error", help="All that failed with this error.")
@click.option("--dlq", is_flag=True, help="Send the events again that could not be delivered.")
@click.option(
    "--anew", is_flag=True, help="Start anew, don't redrive: after the workflow itself was corrected."
)
@click.option(
    "--rate",
    default=5.0,
    show_default=True,
    type=click.FloatRange(0, min_open=True),
    help="How many a second at most.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--no-wait", is_flag=True, help="Don't wait for what becomes of them.")
@click.option("--timeout", default=900.0, show_default=True, help="Seconds to wait at most.")
def replay_failures(
    session: Session,
    which: tuple[str, ...],
    everything: bool,
    since: datetime | None,
    error: str | None,
    dlq: bool,
    anew: bool,
    rate: float,
    dry_run: bool,
    no_wait: bool,
    timeout: float,
) -> None:
    """Take failed work up again: images by id, executions by ARN, or all that failed, as the options say.

    An execution is redriven where AWS allows that (for 14 days): it goes on where it stopped, and what was done is
    kept. Otherwise a new one starts from the stored upload. Running it twice, even at once, does nothing twice.
    """
    if not (which or everything or since or error or dlq):
        raise click.UsageError("Say what: ids, --all, --since, --error or --dlq.")
    if dlq:
        _replay_dead_letters(session, rate, dry_run)
    outcomes = [_replay_one(session, each, dry_run, anew) for each in which]
    if everything or since or error:
        outcomes += _replay_found(
            session, failures.failed(session.stack, since=since, error=error), rate, dry_run, anew
        )
    if dlq and not outcomes:
        return
    if not (dry_run or no_wait):
        outcomes = _followed(session, outcomes, timeout)
    sum_up(session, outcomes, dry_run, no_wait)


@command("reconcile", "Look for failures that nobody was told of.")
@click.option(
    "--hours",
    default=24.0,
    show_default=True,
    type=click.FloatRange(0, min_open=True),
    help="How far to look back.",
)
def run_reconcile(session: Session, hours: float) -> None:
    """Look for images stuck in PROCESSING, and for failures that no event told of, and put them on record.

    It runs every 15 minutes by itself. What it finds is FAILED afterwards, and can be replayed.
    """
    report = reconcile.run(session.stack, hours)
    session.emit(report.as_json())
    session.show(f"{len(report.waiting)} images are being processed.")
    for name, ids in (("stuck", report.stuck), ("failed without anybody noticing", report.missed)):
        session.show(f"{len(ids)} {name}")
        for image_id in ids:
            session.show(plain(f"  {image_id}"))
    if report.stuck or report.missed:
        session.not_all_well()


def _replay_one(session: Session, which: str, dry_run: bool, anew: bool) -> Outcome:
    one = replay.replay_execution if which.startswith("arn:") else replay.replay_image
    return one(session.stack, which, dry_run=dry_run, anew=anew)


def _replay_found(
    session: Session, found: Sequence[FailedImage], rate: float, dry_run: bool, anew: bool
) -> list[Outcome]:
    with counting(session.err) as progress:
        bar = progress.add_task("Replaying", total=len(found))
        return replay.replay(
            session.stack,
            found,
            dry_run=dry_run,
            anew=anew,
            per_second=rate,
            on_outcome=lambda _: progress.advance(bar),
        )


def _followed(session: Session, outcomes: Sequence[Outcome], timeout: float) -> list[Outcome]:
    begun = sum(outcome.begun for outcome in outcomes)
    with counting(session.err) as progress:
        bar = progress.add_task("Waiting for what becomes of them", total=begun)
        return replay.followed(
            session.stack, outcomes, timeout=timeout, on_result=lambda _: progress.advance(bar)
        )


def sum_up(session: Session, outcomes: Sequence[Outcome], dry_run: bool, no_wait: bool) -> None:
    """Outcomes as a table and in a line; not all is well where one was not possible, or did not help."""
    shown = table("image", "to do" if dry_run else "done", "result", "note")
    for outcome in outcomes:
        session.emit(outcome.as_json())
        shown.add_row(
            plain(outcome.id),
            _what(outcome, dry_run),
            status_text(outcome.result or "–"),
            plain(outcome.note),
        )
    session.show(shown if outcomes else "Nothing to replay.")
    actions = Counter(_what(outcome, dry_run) for outcome in outcomes)
    results = Counter(outcome.result for outcome in outcomes if outcome.result)
    text = ", ".join(f"{number} {name}" for name, number in [*actions.items(), *results.items()])
    if outcomes:
        session.say(f"{'Dry run: ' if dry_run else ''}{text}")
    well = {"READY", "DELETED", "SUPERSEDED"}
    waited = not (dry_run or no_wait)
    if actions[replay.NOT_POSSIBLE] or (waited and any(o.begun and o.result not in well for o in outcomes)):
        session.not_all_well()


def _what(outcome: Outcome, dry_run: bool) -> str:
    """What was done, or would be."""
    would = dry_run and outcome.action in (replay.REDRIVEN, replay.STARTED)
    return f"would be {outcome.action}" if would else outcome.action


def _replay_dead_letters(session: Session, rate: float, dry_run: bool) -> None:
    total = sum(dead_letters.depths(session.stack).values())
    with counting(session.err) as progress:
        bar = progress.add_task("Sending again", total=total)
        sent = dead_letters.replay(
            session.stack, dry_run=dry_run, per_second=rate, on_sent=lambda _: progress.advance(bar)
        )
    shown = table("queue", "image", "to do" if dry_run else "sent", "note")
    for each in sent:
        session.emit(each.as_json())
        shown.add_row(
            each.queue,
            plain(each.image_id or "–"),
            "would be sent" if dry_run else "yes" if each.done else "no",
            plain(each.note),
        )
    session.show(shown if sent else "No dead letters.")
    if not dry_run and any(not each.done for each in sent):
        session.not_all_well()
