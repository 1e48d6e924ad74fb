"""plan exposed: images that should be private, and still have public files."""

from __future__ import annotations

import click

from imageservice_operator.cli.output import counting, table, untrusted
from imageservice_operator.cli.plan.group import plan
from imageservice_operator.cli.session import Session, command
from imageservice_operator.operations.exposure import find_exposed, hide


@command("exposed", "Find images that the plan makes private, and that still have public files.", plan)
@click.option("--prefix", default="", metavar="TEXT", help="Only images whose ids begin with this.")
@click.option("--hide", "hides", is_flag=True, help="Move their files to private addresses.")
def exposed(session: Session, prefix: str, *, hides: bool) -> None:
    """Find images that the live plan makes private, and whose public files are still there.

    An image gets private files when it is made again. One that was rejected or failed keeps the public ones. Readers
    need a link to find them, but anyone who has an old one can use it. The exit code is 1 if there are any.

    With --hide, their files are moved to private addresses as they are, and the public ones are deleted and purged. Not
    of images that FAILED: replay these.
    """
    shown, number, hidden = table("image", "state", "why", "hidden"), 0, 0
    with counting(session.err) as progress:
        task = progress.add_task("looking at originals", total=None)
        for image in find_exposed(
            session.stack, prefix=prefix, on_progress=lambda step: progress.advance(task, step)
        ):
            number += 1
            why = (image.error or {}).get("cause", "")
            is_hidden = hides and hide(session.stack, image)
            hidden += is_hidden
            session.emit({"id": image.id, "status": image.status, "why": why, "hidden": is_hidden})
            shown.add_row(
                untrusted(image.id), str(image.status), untrusted(why), "yes" if is_hidden else "no"
            )
    if not number:
        session.show("No image is exposed.")
        return
    session.show(shown)
    if hidden < number:
        session.not_all_well()
        session.show("images replay makes those that FAILED; --hide hides the others.")
