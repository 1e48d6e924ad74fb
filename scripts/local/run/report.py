"""The outcome of an upload, for programs and for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from imageservice_operator.operations.images import Image
from imageservice_operator.operations.stack import Stack
from imageservice_operator.operations.uploads import SETTLED


@dataclass(frozen=True)
class Outcome:
    """An upload's image in its final state, and the seconds since the upload was complete."""

    image: Image
    seconds: float


def outcome(image_id: str, image: Image | None, seconds: float, limit: float) -> Outcome:
    """The outcome of an upload whose image is `image`; one that has not settled gets an error that says so."""
    known = image or Image(image_id, "UNKNOWN", 0, "", None, None, {})
    if known.status not in SETTLED:
        error = {"name": "TimeLimit", "cause": f"not finished after {limit:g} s"}
        known = replace(known, error=error)
    return Outcome(known, seconds)


def as_json(stack: Stack, done: Outcome) -> dict[str, Any]:
    """What a program needs to know about the image.

    `url` is the image's lasting link, as in its metadata; each rendition's `link` is that link for its size and format.
    `revision` counts the uploads that were accepted: 0 for an image none of whose uploads was.
    """
    image = done.image
    return {
        "id": image.id,
        "status": image.status,
        "url": stack.image_url(image.id),
        "revision": image.revision,
        "source": image.item.get("source"),
        "renditions": [{**each, "link": _link(stack, image, each)} for each in image.renditions],
        "error": image.error,
        "execution": image.execution,
        "seconds": round(done.seconds, 2),
    }


def show(console: Console, stack: Stack, done: Outcome) -> None:
    """Print a table of the image's sizes, or why there is none; then a blank line."""
    console.print(
        _table(stack, done) if done.image.status == "READY" else _reason(done.image), soft_wrap=True
    )
    console.print()


def _table(stack: Stack, done: Outcome) -> Table:
    image = done.image
    source = image.source
    title = f"{image.id}  {source.get('width')}×{source.get('height')} {source.get('format')}, {done.seconds:.1f} s"
    table = Table(title=escape(title), title_justify="left", box=None, pad_edge=False)
    table.add_column("size")
    table.add_column("width×height", justify="right")
    table.add_column("format")
    table.add_column("bytes", justify="right")
    table.add_column("link", no_wrap=True, overflow="ignore")
    for rendition in sorted(image.renditions, key=lambda each: each["width"]):
        table.add_row(
            rendition["size"],
            f"{rendition['width']}×{rendition['height']}",
            rendition["format"],
            f"{rendition['bytes']:,}",
            _link(stack, image, rendition),
        )
    return table


def _reason(image: Image) -> str:
    error = image.error or {}
    parts = [error.get("cause")] if image.status == "REJECTED" else [error.get("name"), error.get("cause")]
    reason = ": ".join(filter(None, parts))
    return f"[red]{escape(image.id)}: {str(image.status).lower()}.[/red] {escape(reason)}"


def _link(stack: Stack, image: Image, rendition: Mapping[str, Any]) -> str:
    return stack.image_url(image.id, f"?size={rendition['size']}&format={rendition['format']}")
