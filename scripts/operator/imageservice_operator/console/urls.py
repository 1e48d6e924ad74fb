"""The pages' own urls. Ids are in the query, never in the path: browsers would tidy `../../x` away there."""

from __future__ import annotations

from urllib.parse import urlencode


def page(path: str, **parameters: str | int | None) -> str:
    """The path with those parameters that are there, encoded: page("/image", id="a b") is "/image?id=a+b"."""
    given = {name: str(value) for name, value in parameters.items() if value not in (None, "")}
    return f"{path}?{urlencode(given)}" if given else path


def image(image_id: str) -> str:
    return page("/image", id=image_id)


def execution(arn: str) -> str:
    return page("/execution", arn=arn)


def rendition(key: str) -> str:
    """Where the console itself serves a rendition, so that a page needs nothing but the console."""
    return page("/rendition", key=key)
