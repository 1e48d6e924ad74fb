"""restore: bring a removed or replaced image back."""

from __future__ import annotations

import click

from imageservice_operator.cli.output import status_text, table, untrusted
from imageservice_operator.cli.session import Session, command
from imageservice_operator.operations import restoration, uploads
from imageservice_operator.operations.errors import ImageNotFound
from imageservice_operator.operations.restoration import Restored
from imageservice_operator.operations.wording import exact, size


@command("restore", "Bring a removed or replaced image back.")
@click.argument("image_id", metavar="ID")
@click.option("--version", metavar="VERSION", help="The version to bring back (default: the previous one).")
@click.option("--list", "listing", is_flag=True, help="Only list the versions that the bucket has.")
@click.option("--no-wait", is_flag=True, help="Don't wait until the image is READY.")
@click.option("--timeout", default=600.0, show_default=True, help="The most seconds to wait.")
def restore(
    session: Session, image_id: str, version: str | None, listing: bool, no_wait: bool, timeout: float
) -> None:
    """Bring an image back: undo its removal, or its replacement by a newer upload.

    The bucket keeps earlier versions of an original for 30 days (ReplacedOriginalDays). Restoring copies one of them
    over the current one, so it can be undone like a replacement. If something is uploaded meanwhile, nothing changes.
    """
    if listing:
        _list(session, image_id)
        return
    restored = restoration.restore(session.stack, image_id, version)
    if no_wait:
        _emit(session, restored, None)
        session.show(untrusted(f"{image_id}: restored from {restored.version}"))
        return
    ((_, image),) = uploads.wait_until_settled(session.stack, [restored.upload], timeout=timeout)
    status = image.status if image else None
    _emit(session, restored, status)
    session.show(untrusted(f"{image_id}: restored from {restored.version}:"), status_text(status))
    if status != "READY":
        session.not_all_well()


def _emit(session: Session, restored: Restored, status: str | None) -> None:
    upload = restored.upload
    session.emit(
        {
            "id": upload.id,
            "restored_from": restored.version,
            "version_id": upload.version_id,
            "status": status,
        }
    )


def _list(session: Session, image_id: str) -> None:
    shown = table("version", "stored", "bytes", "", right=("bytes",))
    found = False
    for version in restoration.versions(session.stack, image_id):
        found = True
        session.emit(version.as_json())
        what = "removal" if version.removal else ""
        now = "current" if version.latest else ""
        shown.add_row(
            untrusted(version.id),
            exact(version.stored),
            "–" if version.removal else size(version.bytes),
            ", ".join(filter(None, (now, what))),
        )
    if not found:
        raise ImageNotFound(f"There is no original {image_id}, and no earlier version of one.")
    session.show(shown)
