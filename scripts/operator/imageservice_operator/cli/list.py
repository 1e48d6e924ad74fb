"""list: images, newest change first."""

from __future__ import annotations

import click

from imageservice_operator.cli.output import status_text, table, untrusted
from imageservice_operator.cli.session import Session, command
from imageservice_operator.operations import images
from imageservice_operator.operations.wording import ago


@command("list", "Images, newest change first.")
@click.option("--status", type=click.Choice(images.STATUSES), help="Only images with this status.")
@click.option("--prefix", default="", metavar="TEXT", help="Only ids that begin with this.")
@click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(1), help="The most images to list."
)
@click.option("--all", "everything", is_flag=True, help="All images.")
def list_images(session: Session, status: str | None, prefix: str, limit: int, everything: bool) -> None:
    """List images, newest change first. With a prefix alone: by id, with originals that are not processed yet."""
    shown = table("image", "status", "revision", "changed", "error", right=("revision",))
    found, cursor = 0, None
    while True:
        left = 500 if everything else min(500, limit - found)
        page = images.listed(session.stack, status=status, prefix=prefix, limit=left, cursor=cursor)
        for image in page.images:
            session.emit(image.as_json())
            error = f"{image.error['name']}: {image.error['cause']}" if image.error else ""
            shown.add_row(
                untrusted(image.id),
                status_text(image.status),
                str(image.revision),
                ago(image.updated_at),
                untrusted(error),
            )
        found, cursor = found + len(page.images), page.cursor
        if cursor is None or (found >= limit and not everything):
            break
    session.show(shown if found else "No images.")
    if cursor is not None:
        session.say(f"Shown: {found}. There are more; --all lists them all.")
