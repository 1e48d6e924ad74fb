"""plan diff: what a new plan would do, before anything is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from imageservice_operator.cli.output import counting, facts, table, untrusted
from imageservice_operator.cli.plan.group import plan
from imageservice_operator.cli.session import Session, command
from imageservice_operator.operations import plan_effect, plan_page
from imageservice_operator.operations.plan import PlanDocument, live_plan, read_plan
from imageservice_operator.operations.plan_changes import RuleChange, changes
from imageservice_operator.operations.plan_effect import Effect
from imageservice_operator.operations.plan_estimate import Estimate
from imageservice_operator.operations.wording import size as in_bytes

SAMPLE = click.option(
    "--sample",
    default=plan_effect.SAMPLE,
    show_default=True,
    type=click.IntRange(1, 200),
    help="How many images are made to estimate bytes and dollars.",
)
PAGE = click.option(
    "--page",
    metavar="FILE",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write an HTML page that shows up to ten of them: before, after, and the difference.",
)


@command(
    "diff", "What a new plan would do: images, transitions, dollars, bytes, and samples to look at.", plan
)
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@SAMPLE
@PAGE
def diff(session: Session, path: Path, sample: int, page: Path | None) -> None:
    """Show what the plan in FILE would do to the images of the stack, and change nothing.

    Every original is counted. Bytes and dollars are estimated from a sample that the stack's own functions really make,
    by the new plan. Nothing links to these renditions, and they expire a day later.
    """
    document = read_plan(path)
    compared(session, document, sample, page)


_SHOWN = 10


def compared(session: Session, document: PlanDocument, sample: int, page_path: Path | None) -> Effect:
    """Shows the effect of a plan, and returns it."""
    changed = changes(live_plan(session.stack).plan, document.plan)
    with counting(session.err) as progress:
        task = progress.add_task("looking at originals", total=None)
        found = plan_effect.effect(
            session.stack,
            document,
            sample=sample,
            on_progress=lambda number: progress.update(task, completed=number),
        )
    try:
        if page_path:
            html = plan_page.page(
                session.stack, found.sample[:_SHOWN], f"A new plan for {session.stack.name}"
            )
            page_path.write_text(html, encoding="utf-8")
    finally:
        plan_effect.forget(session.stack, found.sample)
    session.emit({**found.as_json(), "changes": [change.as_json() for change in changed]})
    _show_changes(session, changed)
    _show_effect(session, found, page_path)
    return found


def _show_changes(session: Session, changed: Sequence[RuleChange]) -> None:
    if not changed:
        session.show("The plan makes the same of every image as the live one.")
        return
    shown = table("prefix", "change")
    for change in changed:
        lines = [
            *(f"+ {each}" for each in change.added),
            *(f"− {each}: links with ?size={each} will answer 400" for each in change.removed),
            *change.changed,
        ]
        shown.add_row(untrusted(change.prefix or "(default)"), untrusted(lines[0]))
        for line in lines[1:]:
            shown.add_row("", untrusted(line))
    session.show(shown)


def _show_effect(session: Session, found: Effect, page_path: Path | None) -> None:
    by_rule = ", ".join(f"{prefix or 'default'} {number:,}" for prefix, number in found.rules.items())
    more = found.more_bytes
    shown: dict[str, Any] = {
        "images": f"{len(found.keys):,} of {sum(found.decisions.values()):,} would be made again"
        + (f" ({by_rule})" if len(found.rules) > 1 else ""),
    }
    if found.keys:
        shown |= {
            "transitions": _range(found.transitions, lambda value: f"{value:,.0f}"),
            "cost": _range(found.dollars, lambda value: f"${value:,.2f}") + ", once",
            "purges": f"{found.purges:,} images become private" if found.purges else None,
            "bytes": _range(more, _more) + f", {_dollars(found.dollars_a_month)} a month",
            "sample": f"{len(found.sample)} images"
            + ("" if more.margin == 0 else "; ± is the 95 % confidence interval"),
        }
    for each in found.sample:
        if each.rejected:
            shown[f"rejected {each.id}"] = each.rejected
    shown["page"] = page_path and str(page_path)
    session.show(facts(shown))


def _range(estimate: Estimate, written: Callable[[float], str]) -> str:
    if estimate.margin is None:
        return f"{written(estimate.total)}, from one image"
    return written(estimate.total) + (f" ± {written(estimate.margin)}" if estimate.margin else "")


def _more(number: float) -> str:
    return f"{_sign(number)}{in_bytes(round(abs(number)))}"


def _dollars(number: float) -> str:
    return f"{_sign(number)}${abs(number):,.4f}"


def _sign(number: float) -> str:
    return "−" if number < 0 else ""
