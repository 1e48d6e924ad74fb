"""upload: put photos into the stack, and wait until their images are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import click

from imageservice_operator.cli.describe import text_of, text_options
from imageservice_operator.cli.output import counting, status_text, table, transferring, untrusted
from imageservice_operator.cli.session import Session, command
from imageservice_operator.operations import uploads
from imageservice_operator.operations.uploads import Upload
from imageservice_operator.operations.wording import size

_AT_ONCE = 8


@command("upload", "Upload photos, and wait until their images are made.")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--prefix", default="", metavar="TEXT", help="The beginning of the ids, such as shop/.")
@click.option("--id", "image_id", metavar="ID", help="The id of a single file (default: the file's name).")
@click.option("--focus", default="", metavar="X,Y", help="The place that crops show, such as 0.42,0.18.")
@text_options
@click.option("--no-wait", is_flag=True, help="Don't wait for the outcome.")
@click.option("--timeout", default=600.0, show_default=True, help="The most seconds to wait.")
def upload(
    session: Session,
    files: tuple[Path, ...],
    prefix: str,
    image_id: str | None,
    focus: str,
    no_wait: bool,
    timeout: float,
    **given: Any,
) -> None:
    """Upload photos, or all files in folders, and wait until their images are made.

    An upload replaces an image with the same id. Readers get the old image until the new one is ready.
    """
    files_by_id = _files_by_id(files, prefix, image_id)
    for upload_id in files_by_id:
        uploads.check_id(upload_id)  # before anything is sent
    if focus:
        uploads.checked_focus(focus)
    text = text_of(**given)
    uploads.checked_text(text, {})
    sent = _sent(session, files_by_id, focus, text)
    if no_wait:
        for each in sent:
            session.emit({"id": each.id, "bytes": each.bytes, "version_id": each.version_id})
            session.show(untrusted(each.id))
        return
    shown = table("image", "status", "bytes", "renditions", "link or error", right=("bytes", "renditions"))
    broken = False
    with counting(session.err) as progress:
        bar = progress.add_task("Processing", total=len(sent))
        for each, image in uploads.wait_until_settled(session.stack, sent, timeout=timeout):
            progress.advance(bar)
            status = image.status if image else None
            error = dict(image.error) if image and image.error else None
            private = image is not None and image.private
            link = session.stack.image_url(each.id) if status == "READY" and not private else None
            session.emit(
                {"id": each.id, "status": status, "version_id": each.version_id, "error": error, "url": link}
            )
            shown.add_row(
                untrusted(each.id),
                status_text(status),
                size(each.bytes),
                str(len(image.renditions)) if image else "0",
                untrusted(link or (error["cause"] if error else "private" if private else "")),
            )
            if status != "READY":
                session.not_all_well()
            broken = broken or status == "FAILED"
    session.show(shown)
    if broken:
        session.say('Something broke. "images failures" shows what, and what to do.')


def _files_by_id(files: Sequence[Path], prefix: str, image_id: str | None) -> dict[str, Path]:
    """Each file by its id: its name, or for one in a folder its path within that. No two may have the same id."""
    if image_id is not None and (len(files) != 1 or files[0].is_dir()):
        raise click.UsageError("--id is for a single file.")
    found: dict[str, Path] = {}
    for path in files:
        folder = path if path.is_dir() else path.parent
        within = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
        if not within:
            raise click.UsageError(f"There is no file in {path}.")
        for file in within:
            own = prefix + file.relative_to(folder).as_posix() if image_id is None else image_id
            if own in found:
                raise click.UsageError(f"{found[own]} and {file} would both have the id {own}.")
            found[own] = file
    return found


def _sent(
    session: Session, files_by_id: Mapping[str, Path], focus: str, text: Mapping[str, Any]
) -> list[Upload]:
    with transferring(session.err) as progress, ThreadPoolExecutor(_AT_ONCE) as pool:
        bar = progress.add_task("Uploading", total=sum(file.stat().st_size for file in files_by_id.values()))

        def send(image_id: str, file: Path) -> Upload:
            return uploads.upload(
                session.stack,
                file,
                image_id,
                focus=focus,
                text=uploads.with_file_name(text, image_id, file.name),
                on_progress=lambda sent: progress.advance(bar, sent),
            )

        return list(pool.map(send, files_by_id.keys(), files_by_id.values()))
