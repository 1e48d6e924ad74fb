"""plan exposed: images that should be private, and still have public files."""

from __future__ import annotations

import click

from imageservice_operator.cli.output import counting, table, untrusted
from imageservice_operator.cli.plan.group import plan
from imageservice_operator.cli.session import Session, command
from imageservice_operator.operations.exposure import find_exposed


@command("exposed", "Find images that the plan makes private, and that still have public files.", plan)
@click.option("--prefix", default="", metavar="TEXT", help="Only images whose ids begin with this.")
def exposed(session: Session, prefix: str) -> None:
    """Find images that the live plan makes private, and whose public files are still there.

    An image gets private files when it is made again. One that was rejected or failed keeps the public ones. Readers
    need a link to find them, but anyone who has an old one can use it. The exit code is 1 if there are any.
    """
    shown, number = table("image", "state", "why"), 0
    with counting(session.err) as progress:
        task = progress.add_task("looking at originals", total=None)
        for image in find_exposed(
            session.stack, prefix=prefix, on_progress=lambda step: progress.advance(task, step)
        ):
            number += 1
            why = (image.error or {}).get("cause", "")
            session.emit({"id": image.id, "status": image.status, "why": why})
            shown.add_row(untrusted(image.id), str(image.status), untrusted(why))
    if not number:
        session.show("No image is exposed.")
        return
    session.not_all_well()
    session.show(shown)
    session.show(
        "images replay makes those that FAILED. For the others, upload a good original, or images remove."
    )
