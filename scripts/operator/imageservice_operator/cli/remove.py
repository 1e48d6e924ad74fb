"""remove: delete images and their renditions; readers get 410 Gone."""

from __future__ import annotations

import sys

import click

from imageservice_operator.cli.output import counting, untrusted
from imageservice_operator.cli.session import Session, command
from imageservice_operator.operations import images, removal


@command("remove", "Remove images; readers get 410 Gone.")
@click.argument("image_ids", nargs=-1, required=True, metavar="ID...")
@click.option("--yes", is_flag=True, help="Don't ask.")
@click.option("--no-wait", is_flag=True, help="Don't wait until the renditions are deleted.")
def remove(session: Session, image_ids: tuple[str, ...], yes: bool, no_wait: bool) -> None:
    """Remove images: delete their originals and their renditions. Readers get 410 Gone.

    The bucket keeps a deleted original for 30 days; "images restore" brings the image back.
    """
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("Removing asks first; without a terminal it needs --yes.")
        names = ", ".join(image_ids[:5]) + (" …" if len(image_ids) > 5 else "")
        click.confirm(
            f"Remove {len(image_ids)} images ({names}) from {session.stack.name}?", abort=True, err=True
        )
    removed = []
    for image_id in image_ids:
        if removal.remove(session.stack, image_id):
            removed.append(image_id)
            continue
        session.emit({"id": image_id, "removed": False})
        if images.get_many(session.stack, [image_id]):
            session.say(f"The original {image_id} was already deleted.")
            session.not_all_well()
        else:
            session.no_such_image(image_id)
    if no_wait:
        for image_id in removed:
            session.emit({"id": image_id, "removed": None})
        return
    with counting(session.err) as progress:
        bar = progress.add_task("Removing", total=len(removed))
        for image_id, image in removal.wait_until_removed(session.stack, removed):
            progress.advance(bar)
            gone = image is not None and image.status == "DELETED"
            session.emit({"id": image_id, "removed": gone})
            session.show(untrusted(f"{image_id}: {'removed' if gone else 'not removed yet'}"))
            if not gone:
                session.not_all_well()
