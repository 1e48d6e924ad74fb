"""replay: resume failed work where it stopped, or start it again from the stored upload."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click

from imageservice_operator.cli.moment import Moment
from imageservice_operator.cli.output import counting, status_text, table, untrusted
from imageservice_operator.cli.session import Session, command
from imageservice_operator.operations import dead_letters, failures, replay
from imageservice_operator.operations.replay import Options, Outcome
from imageservice_operator.operations.replay_plan import NOT_POSSIBLE, REDRIVEN, RESTARTED

_REPAIRED = ("READY", "DELETED", "SUPERSEDED")


@dataclass(frozen=True)
class Request:
    """The options of the command line, by their names there."""

    which: tuple[str, ...]
    everything: bool
    since: datetime | None
    error: str | None
    dlq: bool
    new_execution: bool
    rate: float
    dry_run: bool
    no_wait: bool
    timeout: float

    @property
    def searches(self) -> bool:
        """Whether it selects everything that failed, or by time or error, and not only the given ids."""
        return self.everything or self.since is not None or self.error is not None

    @property
    def waits(self) -> bool:
        return not (self.dry_run or self.no_wait)


@command("replay", "Resume failed work where it stopped.")
@click.argument("which", nargs=-1, metavar="[ID|EXECUTION]...")
@click.option("--all", "everything", is_flag=True, help="Everything that failed.")
@click.option("--since", type=Moment(), help="Everything that failed since this time: 2h, 3d, a date.")
@click.option("--error", help="Everything that failed with this error.")
@click.option("--dlq", is_flag=True, help="Send the events in the dead-letter queues again.")
@click.option(
    "--new-execution",
    is_flag=True,
    help="Start new executions instead of redriving, which runs the old definition of the workflow.",
)
@click.option(
    "--rate",
    default=replay.PER_SECOND,
    show_default=True,
    type=click.FloatRange(0, min_open=True),
    help="The most replays to start per second.",
)
@click.option("--dry-run", is_flag=True, help="Only show what would be done.")
@click.option("--no-wait", is_flag=True, help="Don't wait for the outcome.")
@click.option("--timeout", default=900.0, show_default=True, help="The most seconds to wait.")
def replay_failures(session: Session, **options: Any) -> None:
    """Replay failed work: images by id, executions by ARN, or everything that failed.

    For 14 days, AWS can redrive an execution: it resumes where it stopped, and keeps what it had done. After that, a
    new execution starts from the stored upload. Running this command twice, even at the same time, does nothing twice.
    """
    request = Request(**options)
    if not (request.which or request.searches or request.dlq):
        raise click.UsageError("Say what to replay: ids, --all, --since, --error or --dlq.")
    if request.which and (request.searches or request.dlq):
        raise click.UsageError("Give either ids, or --all, --since, --error or --dlq.")
    if request.dlq:
        _replay_dead_letters(session, request)
        if not (request.which or request.searches):
            return
    outcomes = _replayed(session, request)
    if request.waits:
        outcomes = _followed(session, outcomes, request.timeout)
    sum_up(session, outcomes, dry_run=request.dry_run, waited=request.waits)


def sum_up(session: Session, outcomes: Sequence[Outcome], *, dry_run: bool, waited: bool) -> None:
    """Prints the outcomes and their counts. The exit code is 1 if a replay was not possible, or did not help."""
    shown = table("image", "to do" if dry_run else "done", "result", "note")
    for outcome in outcomes:
        session.emit(outcome.as_json())
        shown.add_row(
            untrusted(outcome.id),
            _action(outcome, dry_run),
            status_text(outcome.result or "–"),
            untrusted(outcome.note),
        )
    session.show(shown if outcomes else "Nothing to replay.")
    counts = Counter(_action(outcome, dry_run) for outcome in outcomes)
    counts.update(outcome.result for outcome in outcomes if outcome.result)
    if outcomes:
        line = ", ".join(f"{number} {what}" for what, number in counts.items())
        session.say(f"Dry run: {line}" if dry_run else line)
    impossible = any(outcome.action == NOT_POSSIBLE for outcome in outcomes)
    broken = [outcome for outcome in outcomes if outcome.begun and outcome.result not in _REPAIRED]
    if impossible or (waited and broken):
        session.not_all_well()


def _replayed(session: Session, request: Request) -> list[Outcome]:
    options = Options(request.dry_run, request.new_execution, request.rate)
    outcomes = []
    for which in request.which:
        one = replay.replay_execution if which.startswith("arn:") else replay.replay_image
        outcomes.append(one(session.stack, which, options))
    if not request.searches:
        return outcomes
    found = failures.failed(session.stack, since=request.since, error=request.error)
    with counting(session.err) as progress:
        bar = progress.add_task("Replaying", total=len(found))
        return outcomes + replay.replay(session.stack, found, options, lambda _: progress.advance(bar))


def _followed(session: Session, outcomes: Sequence[Outcome], timeout: float) -> list[Outcome]:
    begun = sum(outcome.begun for outcome in outcomes)
    with counting(session.err) as progress:
        bar = progress.add_task("Waiting for the outcome", total=begun)
        return replay.followed(
            session.stack, outcomes, timeout=timeout, on_result=lambda _: progress.advance(bar)
        )


def _action(outcome: Outcome, dry_run: bool) -> str:
    """What was done, or would be."""
    would = dry_run and outcome.action in (REDRIVEN, RESTARTED)
    return f"would be {outcome.action}" if would else outcome.action


def _replay_dead_letters(session: Session, request: Request) -> None:
    total = sum(dead_letters.depths(session.stack).values())
    with counting(session.err) as progress:
        bar = progress.add_task("Sending again", total=total)
        sent = dead_letters.replay(
            session.stack,
            dry_run=request.dry_run,
            per_second=request.rate,
            on_sent=lambda _: progress.advance(bar),
        )
    shown = table("queue", "image", "to do" if request.dry_run else "sent", "note")
    for each in sent:
        session.emit(each.as_json())
        done = "would be sent" if request.dry_run else "yes" if each.done else "no"
        shown.add_row(each.queue, untrusted(each.image_id or "–"), done, untrusted(each.note))
    session.show(shown if sent else "No dead letters.")
    if not request.dry_run and any(not each.done for each in sent):
        session.not_all_well()
