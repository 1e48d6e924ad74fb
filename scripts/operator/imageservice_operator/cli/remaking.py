"""reprocess: renditions made again after the plan or the engine has changed."""

from __future__ import annotations

import sys

import click

from imageservice_operator.cli.session import Session, command
from imageservice_operator.cli.shown import counting, plain, table
from imageservice_operator.operations import images, reprocess
from imageservice_operator.operations.images import STATUSES
from imageservice_operator.operations.reprocess import Estimate


@command("reprocess", "Make renditions again: a new plan, a better engine.")
@click.argument("image_ids", nargs=-1, metavar="[ID]...")
@click.option("--all", "everything", is_flag=True, help="All originals.")
@click.option("--prefix", default="", help="All originals whose ids begin so.")
@click.option(
    "--only", multiple=True, type=click.Choice((*STATUSES, reprocess.NEW)), help="Only images of this status."
)
@click.option("--failed", is_flag=True, help="Only what failed (the same as --only FAILED).")
@click.option("--force", is_flag=True, help="Also what is up to date, and what was rejected.")
@click.option("--dry-run", is_flag=True, help="Only say how many, and what it would cost.")
@click.option(
    "--concurrency",
    default=reprocess.CONCURRENCY,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="How many images at a time.",
)
@click.option("--resume", metavar="EXECUTION", help="Go on with a run that was stopped or failed.")
@click.option("--stop", "stopped", metavar="EXECUTION", help="Stop a run.")
@click.option("--yes", is_flag=True, help="Don't estimate first, and don't ask.")
@click.option("--no-wait", is_flag=True, help="Don't follow the run.")
def remake(
    session: Session,
    image_ids: tuple[str, ...],
    everything: bool,
    prefix: str,
    only: tuple[str, ...],
    failed: bool,
    force: bool,
    dry_run: bool,
    concurrency: int,
    resume: str | None,
    stopped: str | None,
    yes: bool,
    no_wait: bool,
) -> None:
    """Make renditions again: after a new plan or a better engine, for all originals, for a prefix, or for some.

    What is up to date is left alone, so that a run can be started again at will. Originals are only read, and readers
    are served the old renditions until the new ones are recorded.
    """
    if stopped:
        reprocess.stop(session.stack, stopped)
        return
    if resume:
        reprocess.resume(session.stack, resume)
        _follow(session, resume, no_wait)
        return
    only = (*only, "FAILED") if failed else only
    if image_ids:
        _some(session, image_ids, force, dry_run)
        return
    if not (everything or prefix or only):
        raise click.UsageError("Say what: ids, --all, --prefix, --only or --failed.")
    if dry_run or not yes:
        estimate = _estimate(session, prefix, only, force)
        if dry_run:
            session.emit(estimate.as_json())
            return
        if not estimate.to_make:
            session.show("Nothing to do.")
            return
        if not sys.stdin.isatty():
            raise click.UsageError("Reprocessing asks first; without a terminal it needs --yes.")
        click.confirm(f"Make them again on {session.stack.name}?", abort=True, err=True)
    execution = reprocess.start(session.stack, prefix=prefix, only=only, force=force, concurrency=concurrency)
    _follow(session, execution, no_wait)


def _some(session: Session, image_ids: tuple[str, ...], force: bool, dry_run: bool) -> None:
    if dry_run:
        originals = reprocess.select(session.stack, image_ids, force=force)
        told, outcomes = "decision", {original["key"]: original["decision"] for original in originals}
    else:
        told, outcomes = "result", reprocess.start_images(session.stack, image_ids, force=force)
    # An original that is not there counts as DELETED, whether or not there ever was one.
    gone = [image_id for image_id, what in outcomes.items() if what == "DELETED"]
    removed = images.get_many(session.stack, gone)
    for image_id, what in outcomes.items():
        if what == "DELETED" and image_id not in removed:
            session.emit({"id": image_id, told: "NO_SUCH_IMAGE"})
            session.no_such_image(image_id)
            continue
        session.emit({"id": image_id, told: what})
        session.show_whole(plain(f"{image_id}: {what}"))


def _estimate(session: Session, prefix: str, only: tuple[str, ...], force: bool) -> Estimate:
    with counting(session.err) as progress:
        bar = progress.add_task("Looking at originals", total=None)
        estimate = reprocess.estimate(
            session.stack,
            prefix=prefix,
            only=only,
            force=force,
            on_progress=lambda count: progress.update(bar, completed=count),
        )
    shown = table("decision", "originals", right=("originals",))
    for decision, count in sorted(estimate.decisions.items()):
        shown.add_row(decision, f"{count:,}")
    session.show(shown)
    session.show(f"{estimate.to_make:,} images would be made again, for about ${estimate.dollars:,.2f}.")
    return estimate


def _follow(session: Session, execution: str, no_wait: bool) -> None:
    if no_wait:
        session.emit({"execution": execution})
        session.show_whole(plain(execution))
        return
    session.say(
        f"{execution}\nCtrl-C leaves it running; --stop EXECUTION stops it, --resume EXECUTION goes on."
    )
    with counting(session.err) as progress:
        bar = progress.add_task("Reprocessing", total=None)
        for now in reprocess.followed(session.stack, execution):
            progress.update(bar, completed=now.done, total=now.counts.get("total") or None)
    session.emit(now.as_json())
    counts = ", ".join(
        f"{number:,} {name}" for name, number in now.counts.items() if number and name != "resultsWritten"
    )
    session.show(f"{now.status}: {counts}")
    if now.report:
        session.show(plain(f"What became of each: {now.report}"))
    if now.status != "SUCCEEDED" or now.counts.get("failed"):
        session.not_all_well()
