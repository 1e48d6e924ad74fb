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
    """What a program needs to know about the image, with the links that readers use."""
    image = done.image
    return {
        "id": image.id,
        "status": image.status,
        "revision": image.item.get("revision"),
        "source": image.item.get("source"),
        "renditions": [{**each, "url": _link(stack, image, each)} for each in image.renditions],
        "error": image.error,
        "execution": image.execution,
        "seconds": round(done.seconds, 2),
    }


def show(console: Console, stack: Stack, done: Outcome) -> None:
    """Print a table of the image's sizes, or why there is none."""
    image = done.image
    if image.status != "READY":
        console.print(_reason(image), soft_wrap=True)
        return
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
    console.print(table)
    console.print()


def _reason(image: Image) -> str:
    error = image.error or {}
    parts = [error.get("cause")] if image.status == "REJECTED" else [error.get("name"), error.get("cause")]
    reason = " ".join(filter(None, parts))
    return f"[red]{escape(image.id)}: {str(image.status).lower()}[/red] {escape(reason)}"


def _link(stack: Stack, image: Image, rendition: Mapping[str, Any]) -> str:
    return stack.image_url(image.id, f"?size={rendition['size']}&format={rendition['format']}")
