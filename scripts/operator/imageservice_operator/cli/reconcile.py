"""reconcile: record failures that no event reported."""

from __future__ import annotations

import click

from imageservice_operator.cli.output import untrusted
from imageservice_operator.cli.session import Session, command
from imageservice_operator.operations import reconcile


@command("reconcile", "Record failures that no event reported.")
@click.option(
    "--hours",
    default=24.0,
    show_default=True,
    type=click.FloatRange(0, min_open=True),
    metavar="NUMBER",
    help="How far to look back.",
)
def run_reconcile(session: Session, hours: float) -> None:
    """Find images stuck in PROCESSING, and failures that no event reported, and record them.

    The stack does this every 15 minutes by itself. The images that it finds become FAILED, and can be replayed.
    """
    report = reconcile.run(session.stack, hours)
    session.emit(report.as_json())
    session.show(f"{len(report.waiting)} images are being processed.")
    for name, ids in (("stuck", report.stuck), ("unreported failures", report.missed)):
        session.show(f"{len(ids)} {name}")
        for image_id in ids:
            session.show(untrusted(f"  {image_id}"))
    if report.stuck or report.missed:
        session.not_all_well()
