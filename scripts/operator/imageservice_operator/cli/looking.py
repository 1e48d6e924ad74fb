"""status, list, history: what is there, and what happened."""

from __future__ import annotations

from typing import Any

import click
from rich.padding import Padding
from rich.text import Text

from imageservice.failures.advice import advice_on
from imageservice_operator.cli.session import Session, command
from imageservice_operator.cli.shown import FACT_WIDTH, ago, facts, plain, size, status_text, table
from imageservice_operator.operations import dead_letters, executions, images
from imageservice_operator.operations.executions import Execution
from imageservice_operator.operations.images import Image


@command("status", "What is known of an image, or how many there are of each status.")
@click.argument("image_ids", nargs=-1, metavar="[ID]...")
def status(session: Session, image_ids: tuple[str, ...]) -> None:
    """What is known of images, or how many there are of each status.

    Ends with 0 only if all the images named are READY (without any: if none has FAILED and no dead letter waits).
    """
    if not image_ids:
        _overview(session)
        return
    for image_id in image_ids:
        image = images.get(session.stack, image_id)
        session.emit({**image.as_json(), "url": session.stack.image_url(image_id)})
        session.show(_card(image))
        if image.renditions:
            session.show_whole(_fact("link", session.stack.image_url(image.id, "?w=640")))
        if image.execution:
            session.show_whole(_fact("execution", image.execution))
        if image.renditions:
            session.show(_renditions(image))
        if image.status != "READY":
            session.not_all_well()


@command("list", "Images, newest change first.")
@click.option("--status", type=click.Choice(images.STATUSES), help="Only those.")
@click.option("--prefix", default="", help="Only ids that begin so.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help="How many.")
@click.option("--all", "everything", is_flag=True, help="All of them.")
def list_images(session: Session, status: str | None, prefix: str, limit: int, everything: bool) -> None:
    """Images, the newest change first (with a prefix alone: by id, with originals that wait to be taken up)."""
    shown = table("image", "status", "revision", "changed", "error", right=("revision",))
    found, cursor = 0, None
    while True:
        left = 500 if everything else min(500, limit - found)
        page = images.listed(session.stack, status=status, prefix=prefix, limit=left, cursor=cursor)
        for image in page.images:
            session.emit(image.as_json())
            error = f"{image.error['name']}: {image.error['cause']}" if image.error else ""
            shown.add_row(
                plain(image.id),
                status_text(image.status),
                str(image.revision),
                ago(image.updated_at),
                plain(error),
            )
        found, cursor = found + len(page.images), page.cursor
        if cursor is None or (found >= limit and not everything):
            break
    session.show(shown if found else "No images.")
    if cursor is not None:
        session.say(f"Shown: {found}. There are more; --all lists them all.")


@command("history", "What happened to an image, or in one execution.")
@click.argument("which", metavar="ID|EXECUTION")
def history(session: Session, which: str) -> None:
    """What happened to an image, execution by execution; or in one execution, state by state."""
    if which.startswith("arn:"):
        _events(session, executions.describe(session.stack, which))
        return
    image = images.get(session.stack, which)
    found = executions.of_image(session.stack, which, image.execution)
    for each in found:
        session.emit(each.as_json())
        show_execution(session, each)
    if not found:
        session.show("No execution is known of it.")


def show_execution(session: Session, execution: Execution) -> None:
    """An execution in a few lines; its ARN whole on one of its own, to be copied."""
    reason = execution.input.get("detail", {}).get("reason")
    stopped, redriven = execution.stopped, execution.redrive_count
    facts_of_it = (
        ago(execution.started),
        execution.machine,
        reason,
        f"took {(stopped - execution.started).total_seconds():.1f} s" if stopped else None,
        f"redriven {redriven} {'time' if redriven == 1 else 'times'}" if redriven else None,
    )
    told = plain("  ".join(str(fact) for fact in facts_of_it if fact))
    session.show(Text.assemble(status_text(execution.status), "  ", told))
    session.show_whole(Text("  ") + plain(execution.arn))
    if execution.failure:
        cause = f"{execution.failure['name']}: {execution.failure['cause']}"
        session.show(Padding(plain(cause), (0, 0, 0, 2), expand=False))


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
        session.show(f"Dead letters: {waiting}; ./scripts/images replay --dlq sends them again.")
    if counts["FAILED"]:
        session.show("./scripts/images failures tells why, and what to do.")
    if counts["FAILED"] or waiting:
        session.not_all_well()


def _fact(name: str, value: str) -> Text:
    """As a line of `facts`, for what is to be copied and must not be wrapped."""
    return Text.assemble((f"{name:<{FACT_WIDTH}}  ", "bold"), plain(value))


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
            plain(each["size"]),
            f"{each['width']} × {each['height']}",
            each["format"],
            size(each["bytes"]),
            plain(each["key"]),
        )
    return shown


def _events(session: Session, execution: Execution) -> None:
    session.show_whole(_fact("execution", execution.arn))
    session.show(
        facts(
            {
                "image": execution.image_id,
                "status": status_text(execution.status),
                "redriven": f"{execution.redrive_count} times" if execution.redrive_count else None,
                "cause": execution.failure and f"{execution.failure['name']}: {execution.failure['cause']}",
            }
        )
    )
    shown = table("time", "event", "state", "note", right=("time",))
    state = ""
    for event in executions.history(session.stack, execution.arn):
        session.emit(event)
        details: dict[str, Any] = next((v for k, v in event.items() if k.endswith("EventDetails") and v), {})
        state = details.get("name", state) if "State" in event["type"] else state
        if event["type"].endswith(("Scheduled", "TaskStarted", "FunctionStarted")):
            continue
        note = ": ".join(str(details[name])[:200] for name in ("error", "cause") if details.get(name))
        seconds = (event["timestamp"] - execution.started).total_seconds()
        shown.add_row(f"{seconds:.2f} s", event["type"], plain(state), plain(note))
    session.show(shown)
