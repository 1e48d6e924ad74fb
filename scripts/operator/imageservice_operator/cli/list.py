"""list: images, newest change first."""

from __future__ import annotations

from collections.abc import Sequence

import click
from rich.table import Table

from imageservice_operator.cli.output import status_text, table, untrusted
from imageservice_operator.cli.session import Session, command
from imageservice_operator.operations import images
from imageservice_operator.operations.images import Image
from imageservice_operator.operations.wording import ago

_PAGE = 500


@command("list", "Images, newest change first.")
@click.option("--status", type=click.Choice(images.STATUSES), help="Only images with this status.")
@click.option("--prefix", default="", metavar="TEXT", help="Only ids that begin with this.")
@click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(1), help="The most images to list."
)
@click.option("--all", "everything", is_flag=True, help="All images.")
def list_images(session: Session, status: str | None, prefix: str, limit: int, everything: bool) -> None:
    """List images, newest change first. With a prefix alone: by id, with originals that are not processed yet."""
    show_pages(session, status, prefix, None if everything else limit)


def show_pages(session: Session, status: str | None, prefix: str, limit: int | None) -> None:
    """Writes the list page by page, so that a long one needs no memory. Without a `limit`, all of it."""
    found, cursor = 0, None
    while True:
        left = _PAGE if limit is None else min(_PAGE, limit - found)
        page = images.listed(session.stack, status=status, prefix=prefix, limit=left, cursor=cursor)
        for image in page.images:
            session.emit(image.as_json())
        if page.images:
            session.show(_table(page.images, first=not found, last=page.cursor is None))
        found, cursor = found + len(page.images), page.cursor
        if cursor is None or (limit is not None and found >= limit):
            break
    if not found:
        session.show("No images.")
    if cursor is not None:
        session.say(f"Shown: {found}. There are more; --all lists them all.")


def _table(found: Sequence[Image], *, first: bool, last: bool) -> Table:
    """One page of the list; the columns of several pages have the same widths, and the first page the header."""
    shown = table("image", "status", "revision", "changed", "error", right=("revision",))
    shown.show_header = first
    if not (first and last):
        shown.expand = True
        for column, ratio, width in zip(shown.columns, (3, 0, 0, 0, 2), (0, 10, 8, 13, 0), strict=True):
            column.ratio, column.width = ratio or None, width or None
    for image in found:
        error = f"{image.error['name']}: {image.error['cause']}" if image.error else ""
        shown.add_row(
            untrusted(image.id),
            status_text(image.status),
            str(image.revision),
            ago(image.updated_at),
            untrusted(error),
        )
    return shown
