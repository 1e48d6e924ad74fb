"""plan check: whether a file is a valid plan, and what it would make."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from imageservice_operator.cli.output import facts, table, untrusted
from imageservice_operator.cli.plan.group import plan
from imageservice_operator.cli.session import Session, command
from imageservice_operator.operations.plan import MAX_BYTES, PlanDocument, read_plan
from imageservice_operator.operations.plan_changes import box, embedded, qualities


@command("check", "Check a plan in a file, without a stack.", plan)
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(session: Session, path: Path) -> None:
    """Check a plan in a file, and show its rules and the widths for the parameter RenditionWidths.

    It needs no stack. A plan that is not valid is exit code 2, with the place and the reason.
    """
    document = read_plan(path)
    session.emit({"valid": True, **document.as_json()})
    session.show(rules(document))
    session.show(
        facts(
            {
                "bytes": f"{document.bytes:,} of {MAX_BYTES:,}",
                "widths": document.widths,
            }
        )
    )


def rules(document: PlanDocument) -> Any:
    """A table of the rules, the longest prefix first."""
    shown = table("prefix", "sizes", "formats", "quality", "light", "access", "embed")
    for rule in document.plan.rules:
        shown.add_row(
            untrusted(rule.prefix) if rule.prefix else "(default)",
            ", ".join(map(box, rule.plan.sizes)),
            ", ".join(rule.plan.formats),
            qualities(rule.plan),
            rule.plan.light,
            rule.plan.access,
            embedded(rule.plan),
        )
    return shown
