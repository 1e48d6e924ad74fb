"""reprocess: make renditions again after the plan or the engine has changed."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import click

from imageservice_operator.cli.output import counting, table, untrusted
from imageservice_operator.cli.session import Session, command
from imageservice_operator.operations import images, reprocess
from imageservice_operator.operations.images import STATUSES
from imageservice_operator.operations.reprocess import Estimate, Progress, Selection


@dataclass(frozen=True)
class Request:
    """The options of the command line, by their names there."""

    image_ids: tuple[str, ...]
    everything: bool
    prefix: str
    only: tuple[str, ...]
    failed: bool
    force: bool
    dry_run: bool
    concurrency: int
    resume: str | None
    stop: str | None
    yes: bool
    no_wait: bool

    @property
    def selection(self) -> Selection:
        return Selection(self.prefix, (*self.only, "FAILED") if self.failed else self.only, self.force)

    @property
    def selects(self) -> bool:
        """Whether it chooses originals by prefix or status."""
        return bool(self.prefix or self.selection.only)


@command("reprocess", "Make renditions again, after a new plan or a better engine.")
@click.argument("image_ids", nargs=-1, metavar="[ID]...")
@click.option("--all", "everything", is_flag=True, help="All originals.")
@click.option("--prefix", default="", metavar="TEXT", help="All originals whose ids begin with this.")
@click.option(
    "--only",
    multiple=True,
    type=click.Choice((*STATUSES, reprocess.NEW)),
    help="Only images with this status.",
)
@click.option("--failed", is_flag=True, help="Only images that are FAILED (the same as --only FAILED).")
@click.option("--force", is_flag=True, help="Include images that are up to date or were rejected.")
@click.option("--dry-run", is_flag=True, help="Only show how many images it would make, and the cost.")
@click.option(
    "--concurrency",
    default=reprocess.CONCURRENCY,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="The most images to process at the same time.",
)
@click.option("--resume", metavar="EXECUTION", help="Resume a run that was stopped or failed.")
@click.option("--stop", metavar="EXECUTION", help="Stop a run.")
@click.option("--yes", is_flag=True, help="Don't estimate first, and don't ask.")
@click.option("--no-wait", is_flag=True, help="Don't wait for the run to end.")
def reprocess_images(session: Session, **options: Any) -> None:
    """Make renditions again: after a new plan or a better engine, for all originals, a prefix, or single images.

    It skips images that are up to date, so it is safe to start a run again. Originals are only read. Readers get the
    old renditions until the new ones are recorded.
    """
    request = Request(**options)
    ways = [request.stop, request.resume, request.image_ids, request.everything or request.selects]
    if sum(map(bool, ways)) > 1:
        raise click.UsageError(
            "Give either ids, or --all, --prefix, --only or --failed, or --resume, or --stop."
        )
    if request.stop:
        reprocess.stop(session.stack, request.stop)
        stopped = reprocess.progress(session.stack, request.stop)
        session.emit(stopped.as_json())
        session.show(f"{stopped.status}: {_counts(stopped)}. --resume continues with what is left.")
    elif request.resume:
        reprocess.resume(session.stack, request.resume)
        _follow(session, request.resume, request)
    elif request.image_ids:
        _reprocess_ids(session, request)
    elif request.everything or request.selects:
        _reprocess_selection(session, request)
    else:
        raise click.UsageError("Say what to reprocess: ids, --all, --prefix, --only or --failed.")


def _reprocess_selection(session: Session, request: Request) -> None:
    if request.dry_run or not request.yes:
        estimate = _estimate(session, request.selection)
        if request.dry_run:
            session.emit(estimate.as_json())
            return
        if not estimate.to_make:
            session.emit(estimate.as_json())
            session.show("Nothing to do.")
            return
        if not sys.stdin.isatty():
            raise click.UsageError("Reprocessing asks first; without a terminal it needs --yes.")
        click.confirm(f"Make them again on {session.stack.name}?", abort=True, err=True)
    execution = reprocess.start(session.stack, request.selection, concurrency=request.concurrency)
    _follow(session, execution, request)


def _reprocess_ids(session: Session, request: Request) -> None:
    ids, force = request.image_ids, request.force
    if request.dry_run:
        originals = reprocess.select(session.stack, [{"key": image_id} for image_id in ids], force=force)
        key, outcomes = "decision", {original["key"]: original["decision"] for original in originals}
    else:
        key, outcomes = "result", reprocess.start_images(session.stack, ids, force=force)
    # An original that does not exist counts as DELETED, whether or not there ever was one.
    gone = [image_id for image_id, outcome in outcomes.items() if outcome == "DELETED"]
    removed = images.get_many(session.stack, gone)
    for image_id, outcome in outcomes.items():
        if outcome == "DELETED" and image_id not in removed:
            session.emit({"id": image_id, key: "NO_SUCH_IMAGE"})
            session.no_such_image(image_id)
            continue
        session.emit({"id": image_id, key: outcome})
        session.show_whole(untrusted(f"{image_id}: {outcome}"))


def _estimate(session: Session, selection: Selection) -> Estimate:
    with counting(session.err) as progress:
        bar = progress.add_task("Looking at originals", total=None)
        estimate = reprocess.estimate(
            session.stack, selection, on_progress=lambda count: progress.update(bar, completed=count)
        )
    shown = table("decision", "originals", right=("originals",))
    for decision, count in sorted(estimate.decisions.items()):
        shown.add_row(decision, f"{count:,}")
    session.show(shown)
    purging = f", {estimate.purges:,} purges among it" if estimate.purges else ""
    session.show(
        f"{estimate.to_make:,} images would be made again, for about ${estimate.dollars:,.2f}{purging}."
    )
    return estimate


def _follow(session: Session, execution: str, request: Request) -> None:
    if request.no_wait:
        session.emit({"execution": execution})
        session.show_whole(untrusted(execution))
        return
    session.say(
        f"{execution}\nCtrl-C leaves it running; --stop EXECUTION stops it, --resume EXECUTION resumes it."
    )
    with counting(session.err) as progress:
        bar = progress.add_task("Reprocessing", total=None)
        for now in reprocess.followed(session.stack, execution):
            progress.update(bar, completed=now.done, total=now.counts.get("total") or None)
    session.emit(now.as_json())
    session.show(f"{now.status}: {_counts(now)}")
    if now.report:
        session.show(untrusted(f"The outcome of each image: {now.report}"))
    if now.status != "SUCCEEDED" or now.counts.get("failed"):
        session.not_all_well()


def _counts(progress: Progress) -> str:
    counts = progress.counts.items()
    return ", ".join(f"{number:,} {name}" for name, number in counts if number and name != "resultsWritten")
