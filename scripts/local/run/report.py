"""What became of an upload, for programs and for people."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from local.client import Stack


def as_json(item: dict[str, Any], stack: Stack, seconds: float) -> dict[str, Any]:
    """One object per upload: what of its item a program needs, with the links that readers use."""
    return {
        "id": item["id"],
        "status": item["status"],
        "revision": item.get("revision"),
        "source": item.get("source"),
        "renditions": [
            {**rendition, "url": link(stack, item["id"], rendition)}
            for rendition in item.get("renditions") or []
        ],
        "error": item.get("error"),
        "execution": item.get("execution"),
        "seconds": round(seconds, 2),
    }


def unfinished(image_id: str, item: dict[str, Any] | None, limit: float) -> dict[str, Any]:
    """What stands for the item of an upload that did not end in time."""
    error = {"name": "TimeLimit", "cause": f"not finished after {limit:g} s"}
    return {**(item or {"id": image_id}), "status": (item or {}).get("status", "UNKNOWN"), "error": error}


def link(stack: Stack, image_id: str, rendition: dict[str, Any]) -> str:
    """Where readers get this rendition: at the edge; without one at the API, which decodes a path twice."""
    query = f"?size={rendition['size']}&format={rendition['format']}"
    edge = stack.outputs.get("CdnUrl")
    if edge:
        return f"{edge}/images/{quote(image_id)}{query}"
    return stack.url(f"/images/{quote(quote(image_id))}{query}")


def show(console: Console, item: dict[str, Any], stack: Stack, seconds: float) -> None:
    """Print a table of an image's sizes, or why there is none."""
    if item["status"] != "READY":
        error = item.get("error") or {}
        reason = (
            error.get("cause") if item["status"] == "REJECTED" else " ".join(filter(None, error.values()))
        )
        console.print(
            f"[red]{escape(item['id'])}: {item['status'].lower()}[/red] {escape(reason or '')}",
            soft_wrap=True,
        )
        return
    source = item.get("source") or {}
    title = (
        f"{item['id']}  {source.get('width')}×{source.get('height')} {source.get('format')}, {seconds:.1f} s"
    )
    table = Table(title=escape(title), title_justify="left", box=None, pad_edge=False)
    for heading, justify in (
        ("size", "left"),
        ("width×height", "right"),
        ("format", "left"),
        ("bytes", "right"),
    ):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    table.add_column("link", no_wrap=True, overflow="ignore")
    for rendition in sorted(item.get("renditions") or [], key=lambda each: each["width"]):
        table.add_row(
            rendition["size"],
            f"{rendition['width']}×{rendition['height']}",
            rendition["format"],
            f"{rendition['bytes']:,}",
            link(stack, item["id"], rendition),
        )
    console.print(table)
    console.print()
