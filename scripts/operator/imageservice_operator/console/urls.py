"""The URLs of the pages. Ids are in the query, never in the path: browsers rewrite `../../x` in a path."""

from __future__ import annotations

from urllib.parse import urlencode


def page(path: str, **parameters: str | int | None) -> str:
    """The path with its parameters, encoded: page("/image", id="a b") is "/image?id=a+b". None and "" are left out."""
    present = {name: str(value) for name, value in parameters.items() if value not in (None, "")}
    return f"{path}?{urlencode(present)}" if present else path


def image(image_id: str) -> str:
    return page("/image", id=image_id)


def execution(arn: str) -> str:
    return page("/execution", arn=arn)


def rendition(key: str) -> str:
    """Where the console itself serves a rendition, so that a page loads nothing from another host."""
    return page("/rendition", key=key)
