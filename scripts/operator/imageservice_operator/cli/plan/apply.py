"""plan apply: a new plan made live, first on a few images, then on all; and back."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from imageservice_operator.cli.output import counting, facts, table, untrusted
from imageservice_operator.cli.plan.diff import PAGE, SAMPLE, compared
from imageservice_operator.cli.plan.group import plan
from imageservice_operator.cli.session import Session, command
from imageservice_operator.operations import plan_apply, plan_journal, reprocess
from imageservice_operator.operations.pacing import check_rate
from imageservice_operator.operations.plan import read_plan
from imageservice_operator.operations.plan_apply import Canary, Made
from imageservice_operator.operations.plan_deployment import PLAN
from imageservice_operator.operations.plan_journal import Apply
from imageservice_operator.operations.wording import size as in_bytes


@dataclass(frozen=True)
class Request:
    """The options of the command line, by their names there."""

    path: Path | None
    canary: str
    sample: int
    page: Path | None
    rate: float
    concurrency: int
    yes: bool
    resume: bool
    rollback: bool


@command("apply", "Make a new plan live: a few images first, a pause, then the rest; or roll back.", plan)
@click.argument(
    "path", metavar="[FILE]", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--canary",
    default="1%",
    show_default=True,
    metavar="SHARE|PREFIX",
    help="The images to make first: a share of those that the plan changes, or those below a prefix; "
    f"{plan_apply.LEAST_CANARY} to {plan_apply.MOST_CANARY} of them.",
)
@SAMPLE
@PAGE
@click.option(
    "--rate", default=plan_apply.RATE, show_default=True, help="Images of the canary to start a second."
)
@click.option(
    "--concurrency",
    default=reprocess.CONCURRENCY,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="The most images of the rest to process at the same time.",
)
@click.option("--yes", is_flag=True, help="Don't pause after the canary.")
@click.option("--resume", is_flag=True, help="Go on after the pause, or after an interruption.")
@click.option("--rollback", is_flag=True, help="Go back to the previous plan, also when all is done.")
def apply(session: Session, **options: Any) -> None:
    """Make the plan in FILE live on the stack.

    It first shows what `images plan diff` shows, makes a few images by the new plan, and pauses: look at them. With
    --resume, it sets the stack's parameters RenditionPlan and RenditionWidths, and makes all other images again.
    After an interruption, the same command goes on where it stopped. Readers get each image's old renditions until
    its new ones are recorded.
    """
    request = Request(**options)
    if sum((bool(request.path), request.resume, request.rollback)) != 1:
        raise click.UsageError("Give a FILE, or --resume, or --rollback.")
    check_rate(request.rate)  # before anything has begun
    latest = plan_journal.read(session.stack)
    if request.rollback:
        _roll_back(session, request, latest)
        return
    current = latest if request.path is None else _begun(session, request, request.path, latest)
    if current is None:
        return
    if current.ended:
        raise click.UsageError(f"There is nothing to resume: the latest change of plan is {current.stage}.")
    if current.stage == "ROLLING_BACK":
        _roll_back(session, request, current)
        return
    _go_on(session, request, current)


def _begun(session: Session, request: Request, path: Path, latest: Apply | None) -> Apply | None:
    """The change of plan to go on with: the one that was interrupted, or a new one. None if there is nothing to do."""
    canary, document = Canary.of(request.canary), read_plan(path)
    if latest and not latest.ended:
        if latest.new_text != document.text or latest.stage == "ROLLING_BACK":
            raise click.UsageError(
                f"A change to another plan is {latest.stage}: go on with --resume, or go back with --rollback."
            )
        return latest
    effect = compared(session, document, request.sample, request.page)
    if not effect.keys and plan_apply.is_live(session.stack, document.text):
        session.show("Nothing to do.")
        return None
    return plan_apply.begin(session.stack, document, canary.chosen(effect.keys), latest)


def _go_on(session: Session, request: Request, current: Apply) -> None:
    stack, asked = session.stack, request.yes or (request.resume and current.stage == "PAUSED")
    if current.stage == "CANARY":
        with counting(session.err) as progress:
            task = progress.add_task("canary", total=len(current.canary))
            current, made = plan_apply.make_canary(
                stack, current, rate=request.rate, on_progress=lambda step: progress.advance(task, step)
            )
        _report_canary(session, current, made)
    if current.stage == "PAUSED" and not asked:
        if not sys.stdin.isatty():
            session.show("Paused. images plan apply --resume goes on, --rollback goes back.")
            return
        click.confirm(
            f"Make the plan live on {stack.name}, and the rest of the images?", abort=True, err=True
        )
    if current.stage in ("PAUSED", "DEPLOYING"):
        _warn_of_samconfig(session, Path("samconfig.toml"))
        session.say("Updating the stack …")
        current = plan_apply.deploy(stack, current)
    _make_rest(session, request, current)


def _warn_of_samconfig(session: Session, file: Path) -> None:
    """Says that a later `sam deploy` would put another plan back: a guided one writes every parameter down."""
    if file.is_file() and re.search(rf"{PLAN}\s*=", file.read_text(errors="replace")):
        session.say(
            f"{file} names {PLAN}: the next sam deploy would put its plan back. Delete it there, or change it."
        )


def _roll_back(session: Session, request: Request, current: Apply | None) -> None:
    if current is None:
        raise click.UsageError("There is no change of plan to roll back.")
    session.say("Going back to the plan before …")
    current = plan_apply.begin_rollback(session.stack, current)
    if current.deployed:
        _make_rest(session, request, current)
        return
    plan_apply.make(session.stack, current.canary, rate=request.rate)
    _finish(session, current)


def _make_rest(session: Session, request: Request, current: Apply) -> None:
    current = plan_apply.start_rest(session.stack, current, concurrency=request.concurrency)
    with counting(session.err) as bars:
        task = bars.add_task("making images", total=None)
        for progress in reprocess.followed(session.stack, str(current.run)):
            bars.update(task, completed=progress.done, total=progress.counts.get("total"))
    _finish(session, current)


def _finish(session: Session, current: Apply) -> None:
    current, made = plan_apply.finish(session.stack, current)
    session.emit({"stage": current.stage, "others": dict(made.others), "still_public": list(made.exposed)})
    session.show(current.stage)
    _show_others(session, made)
    if made.exposed:
        session.not_all_well()
        session.show(
            f"still public: {len(made.exposed):,} images that the plan makes private. images plan exposed lists them."
        )


def _report_canary(session: Session, current: Apply, made: Made) -> None:
    session.emit({"stage": current.stage, "bytes_before": current.canary_bytes, **made.as_json()})
    session.show(
        facts(
            {
                "canary": f"{made.up_to_date:,} of {len(current.canary):,} images are of the new plan",
                "bytes": f"{in_bytes(current.canary_bytes)} before, {in_bytes(made.bytes)} after",
                "look at": ", ".join(session.stack.image_url(key) for key in current.canary[:3]),
            }
        )
    )
    _show_others(session, made)


def _show_others(session: Session, made: Made) -> None:
    if not made.others:
        return
    session.not_all_well()
    shown = table("image", "state")
    for key, decision in made.others.items():
        shown.add_row(untrusted(key), decision)
    session.show(shown)
    session.show('"images failures" shows why, and what to do.')
