"""status: the state of an image, or how many images have each status."""

from __future__ import annotations

from typing import Any

import click

from imageservice.failures.advice import advice_on
from imageservice_operator.cli.output import fact, facts, status_text, table, untrusted
from imageservice_operator.cli.session import Session, command
from imageservice_operator.operations import dead_letters, images
from imageservice_operator.operations.images import Image
from imageservice_operator.operations.wording import ago, size


@command("status", "The state of an image, or how many images have each status.")
@click.argument("image_ids", nargs=-1, metavar="[ID]...")
def status(session: Session, image_ids: tuple[str, ...]) -> None:
    """Show the state of the given images; without ids, show how many images have each status.

    The exit code is 0 if all the given images are READY; without ids, if no image is FAILED and no dead letter waits.
    """
    if not image_ids:
        _overview(session)
        return
    for image_id in image_ids:
        image = images.get(session.stack, image_id)
        session.emit({**image.as_json(), "url": session.stack.image_url(image_id)})
        session.show(_card(image))
        if image.renditions:
            session.show_whole(fact("link", session.stack.image_url(image.id, "?w=640")))
        if image.execution:
            session.show_whole(fact("execution", image.execution))
        if image.renditions:
            session.show(_renditions(image))
        if image.status != "READY":
            session.not_all_well()


def _overview(session: Session) -> None:
    counts = {status: images.count(session.stack, status) for status in images.STATUSES}
    letters = dead_letters.depths(session.stack)
    session.emit({"images": counts, "dead_letters": letters})
    shown = table("status", "images", right=("images",))
    for name, number in counts.items():
        shown.add_row(status_text(name), f"{number:,}")
    session.show(shown)
    waiting = ", ".join(f"{number} {queue}" for queue, number in letters.items() if number)
    if waiting:
        session.show(f'Dead letters: {waiting}. "images replay --dlq" sends them again.')
    if counts["FAILED"]:
        session.show('"images failures" shows why, and what to do.')
    if counts["FAILED"] or waiting:
        session.not_all_well()


def _card(image: Image) -> Any:
    error, upload, source = image.error, image.upload, image.source
    advice = advice_on(error["name"], error["cause"]) if error else None
    return facts(
        {
            "image": image.id,
            "status": status_text(image.status),
            "error": error and f"{error['name']}: {error['cause']}",
            "meaning": advice and advice.meaning,
            "what to do": advice and advice.remedy,
            "upload": (upload or None)
            and f"{size(upload.get('bytes'))}, version {upload.get('version_id', '–')}",
            "served": (source or None)
            and f"{source.get('format')} {source.get('width')} × {source.get('height')}, revision {image.revision}",
            "changed": ago(image.updated_at),
        }
    )


def _renditions(image: Image) -> Any:
    shown = table("size", "pixels", "format", "bytes", "key", right=("bytes",))
    for each in image.renditions:
        shown.add_row(
            untrusted(each["size"]),
            f"{each['width']} × {each['height']}",
            each["format"],
            size(each["bytes"]),
            untrusted(each["key"]),
        )
    return shown
