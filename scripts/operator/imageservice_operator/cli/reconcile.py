"""reconcile: record failures that no event reported, and retire renditions that are left over."""

from __future__ import annotations

from datetime import timedelta

import click

from imageservice_operator.cli.output import counting, untrusted
from imageservice_operator.cli.session import Session, command
from imageservice_operator.operations import reconcile, storage

_HOURS = storage.OLDER_THAN / timedelta(hours=1)


@command("reconcile", "Record failures that no event reported.")
@click.option(
    "--hours",
    default=24.0,
    show_default=True,
    type=click.FloatRange(0, min_open=True),
    metavar="NUMBER",
    help="How far to look back.",
)
@click.option("--storage", "in_storage", is_flag=True, help="Instead, retire renditions that are left over.")
@click.option(
    "--prefix", default="", metavar="TEXT", help="--storage: only images whose ids begin with this."
)
@click.option(
    "--older-than",
    default=_HOURS,
    show_default=True,
    type=click.FloatRange(0),
    metavar="HOURS",
    help="--storage: only what was stored so long ago.",
)
@click.option("--dry-run", is_flag=True, help="--storage: only show what is left over.")
def run_reconcile(
    session: Session, hours: float, *, in_storage: bool, prefix: str, older_than: float, dry_run: bool
) -> None:
    """Find images stuck in PROCESSING, and failures that no event reported, and record them.

    The stack does this every 15 minutes by itself. The images that it finds become FAILED, and can be replayed.

    With --storage, find renditions that are neither served nor about to be, and let them expire a day later. Those
    that show a private image to everybody are deleted at once. It lists the whole bucket, so the stack does not do this
    by itself.
    """
    if in_storage:
        _reconcile_storage(session, prefix, timedelta(hours=older_than), dry_run=dry_run)
        return
    if prefix or dry_run or older_than != _HOURS:
        raise click.UsageError("--prefix, --older-than and --dry-run need --storage.")
    report = reconcile.run(session.stack, hours)
    session.emit(report.as_json())
    session.show(f"{len(report.waiting)} images are being processed.")
    for name, ids in (("stuck", report.stuck), ("unreported failures", report.missed)):
        session.show(f"{len(ids)} {name}")
        for image_id in ids:
            session.show(untrusted(f"  {image_id}"))
    if report.stuck or report.missed:
        session.not_all_well()


def _reconcile_storage(session: Session, prefix: str, older_than: timedelta, *, dry_run: bool) -> None:
    """Prints each object that is left over as it is found, and their sum."""
    count = size = retired = exposed = 0
    with counting(session.err) as progress:
        bar = progress.add_task("Looking at objects", total=None)
        found = storage.left_over(
            session.stack,
            prefix=prefix,
            older_than=older_than,
            on_page=lambda seen: progress.update(bar, completed=seen),
        )
        outcomes = ((each, False) for each in found) if dry_run else storage.retire(session.stack, found)
        for each, is_retired in outcomes:
            session.emit({**each.as_json(), "retired": is_retired})
            session.show_whole(untrusted(each.key))
            count, size, retired = count + 1, size + each.bytes, retired + is_retired
            exposed += each.exposed
    done = "would expire in a day" if dry_run else "will expire in a day"
    session.show(
        f"{count:,} objects of {size:,} bytes are left over; {count if dry_run else retired:,} {done}."
    )
    if exposed:
        what = "would be" if dry_run else "were"
        session.show(f"{exposed:,} of them showed private images to everybody: these {what} deleted at once.")
