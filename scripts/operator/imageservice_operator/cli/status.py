"""status: the state of an image, or how many images have each status."""

from __future__ import annotations

from typing import Any

import click

from imageservice.failures.advice import advice_on
from imageservice_operator.cli.output import escaped, fact, facts, status_text, table, untrusted
from imageservice_operator.cli.session import Session, command
from imageservice_operator.operations import failures, health, images
from imageservice_operator.operations.images import Image
from imageservice_operator.operations.wording import ago, receipt, size


@command("status", "The state of an image, or how many images have each status.")
@click.argument("image_ids", nargs=-1, metavar="[ID]...")
def status(session: Session, image_ids: tuple[str, ...]) -> None:
    """Show the state of the given images; without ids, show how many images have each status.

    An image counts as FAILED as soon as its execution has failed, as in `failures`. The exit code is 0 if all the given
    images are READY; without ids, if nothing failed and no dead letter waits.
    """
    if not image_ids:
        _overview(session)
        return
    for image_id in image_ids:
        image = images.get(session.stack, image_id)
        failure = failures.failure_of_image(session.stack, image)
        unrecorded = failure is not None and not failure.recorded
        image = health.as_failed(image, failure) if failure and image.status != "FAILED" else image
        session.emit(
            {**image.as_json(), "status": image.status, "error": image.error}
            | {"url": None if image.private else session.stack.image_url(image_id), "unrecorded": unrecorded}
        )
        session.show(_card(image))
        if unrecorded:
            session.show("The failure is not on record yet. The reconciler records it within 15 minutes.")
        if image.private:
            session.show(f'The image is private. "images link {escaped(image.id)}" signs a link.')
        elif image.renditions:
            session.show_whole(fact("link", session.stack.image_url(image.id, "?w=640")))
        if image.execution:
            session.show_whole(fact("execution", image.execution))
        if image.renditions:
            session.show(_renditions(image))
        if image.status != "READY":
            session.not_all_well()


def _overview(session: Session) -> None:
    now = health.look(session.stack)
    session.emit(now.as_json())
    shown = table("status", "images", right=("images",))
    for name, number in now.images.items():
        more = "+" if name == "FAILED" and now.is_cut_off else ""
        shown.add_row(status_text(name), f"{number:,}{more}")
    session.show(shown)
    session.show(escaped(now.sentence))
    if now.unrecorded:
        session.show(f"Not on record yet: {now.unrecorded:,}. The reconciler records them within 15 minutes.")
    if now.undelivered:
        waiting = ", ".join(f"{number} {queue}" for queue, number in now.dead_letters.items() if number)
        session.show(f'Dead letters: {waiting}. "images replay --dlq" sends them again.')
    if now.failed:
        session.show('"images failures" shows why, and what to do.')
    if not now.is_well:
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
    searched = any("search" in each for each in image.renditions)
    found = ("score",) if searched else ()
    shown = table("size", "pixels", "format", "bytes", *found, "key", right=("bytes",))
    for each in image.renditions:
        shown.add_row(
            untrusted(each["size"]),
            f"{each['width']} × {each['height']}",
            each["format"],
            size(each["bytes"]),
            *([receipt(each["search"]) if "search" in each else "–"] if searched else []),
            untrusted(each["key"]),
        )
    return shown
