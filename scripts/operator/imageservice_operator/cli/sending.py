"""upload, remove: photos in, images out."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click

from imageservice_operator.cli.session import Session, command
from imageservice_operator.cli.shown import counting, plain, size, status_text, table, transferring
from imageservice_operator.operations import images, removal, uploads
from imageservice_operator.operations.uploads import Upload

_AT_ONCE = 8


@command("upload", "Upload photos, and wait until their images are made.")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--prefix", default="", help="What the ids begin with, such as shop/.")
@click.option("--id", "image_id", help="The id of a single file (default: the file's name).")
@click.option("--no-wait", is_flag=True, help="Don't wait for what becomes of them.")
@click.option("--timeout", default=600.0, show_default=True, help="Seconds to wait at most.")
def upload(
    session: Session,
    files: tuple[Path, ...],
    prefix: str,
    image_id: str | None,
    no_wait: bool,
    timeout: float,
) -> None:
    """Upload photos, or all files of folders, and wait until their images are made.

    An id that is taken is replaced; its readers are served the old image until the new one is ready.
    """
    named = _named(files, prefix, image_id)
    sent = _sent(session, named)
    if no_wait:
        for each in sent:
            session.emit({"id": each.id, "bytes": each.bytes, "version_id": each.version_id})
            session.show(plain(each.id))
        return
    shown = table("image", "status", "bytes", "renditions", "link", right=("bytes", "renditions"))
    broken = False
    with counting(session.err) as progress:
        bar = progress.add_task("Processing", total=len(sent))
        for each, image in uploads.wait_until_settled(session.stack, sent, timeout=timeout):
            progress.advance(bar)
            status = image.status if image else None
            error = dict(image.error) if image and image.error else None
            link = session.stack.image_url(each.id) if status == "READY" else None
            session.emit(
                {"id": each.id, "status": status, "version_id": each.version_id, "error": error, "url": link}
            )
            shown.add_row(
                plain(each.id),
                status_text(status),
                size(each.bytes),
                str(len(image.renditions)) if image else "0",
                plain(link or (error["cause"] if error else "")),
            )
            if status != "READY":
                session.not_all_well()
            broken = broken or status == "FAILED"
    session.show(shown)
    if broken:
        session.say("Something broke: ./scripts/images failures says what, and what to do.")


@command("remove", "Remove images; readers get 410 Gone.")
@click.argument("image_ids", nargs=-1, required=True, metavar="ID...")
@click.option("--yes", is_flag=True, help="Don't ask.")
@click.option("--no-wait", is_flag=True, help="Don't wait until they are gone.")
def remove(session: Session, image_ids: tuple[str, ...], yes: bool, no_wait: bool) -> None:
    """Remove images: their originals are deleted, their renditions go, readers get 410 Gone.

    The bucket keeps a deleted original for 30 days; copying its last version back brings the image back.
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
            session.say(f"There is no original {image_id} any more.")
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
            session.show(plain(f"{image_id}: {'removed' if gone else 'not removed yet'}"))
            if not gone:
                session.not_all_well()


def _named(files: Sequence[Path], prefix: str, image_id: str | None) -> list[tuple[Path, str]]:
    """Each file with its id: its name, or for one out of a folder its path within that."""
    named = []
    for path in files:
        if path.is_dir():
            within = sorted(file for file in path.rglob("*") if file.is_file())
            named += [(file, prefix + file.relative_to(path).as_posix()) for file in within]
        else:
            named.append((path, prefix + path.name))
    if image_id is not None:
        if len(named) != 1:
            raise click.UsageError("--id is for a single file.")
        return [(named[0][0], image_id)]
    return named


def _sent(session: Session, named: Sequence[tuple[Path, str]]) -> list[Upload]:
    with transferring(session.err) as progress, ThreadPoolExecutor(_AT_ONCE) as pool:
        bar = progress.add_task("Uploading", total=sum(file.stat().st_size for file, _ in named))

        def send(file: Path, image_id: str) -> Upload:
            return uploads.upload(
                session.stack, file, image_id, on_progress=lambda sent: progress.advance(bar, sent)
            )

        return [done.result() for done in [pool.submit(send, file, name) for file, name in named]]
