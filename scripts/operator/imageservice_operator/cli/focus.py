"""focus: change the place that an image's crops show."""

from __future__ import annotations

import click

from imageservice_operator.cli.output import status_text, untrusted
from imageservice_operator.cli.session import Session, command
from imageservice_operator.operations import uploads
from imageservice_operator.operations.refocus import refocus


@command("focus", "Change the place that an image's crops show.")
@click.argument("image_id", metavar="ID")
@click.argument("point", metavar="[X,Y]", default="")
@click.option("--clear", is_flag=True, help="Remove the focal point; the plan's gravity applies again.")
@click.option("--no-wait", is_flag=True, help="Don't wait until the image is READY.")
@click.option("--timeout", default=600.0, show_default=True, help="The most seconds to wait.")
def focus(session: Session, image_id: str, point: str, clear: bool, no_wait: bool, timeout: float) -> None:
    """Give an image the focal point X,Y: fractions of its width from the left and of its height from the top.

    Only the crops are made again; all other renditions stay as they are. Its original is copied over itself, with the
    focal point in its metadata, so "images restore" undoes the change.
    """
    if bool(point) == clear:
        raise click.UsageError("Give either X,Y, such as 0.42,0.18, or --clear.")
    copied = refocus(session.stack, image_id, point)
    status = None
    if not no_wait:
        ((_, image),) = uploads.wait_until_settled(session.stack, [copied], timeout=timeout)
        status = image.status if image else None
    session.emit({"id": image_id, "focus": point or None, "version_id": copied.version_id, "status": status})
    what = f"{image_id}: focal point {point}" if point else f"{image_id}: no focal point"
    if no_wait:
        session.show(untrusted(what))
        return
    session.show(untrusted(f"{what}:"), status_text(status))
    if status != "READY":
        session.not_all_well()
