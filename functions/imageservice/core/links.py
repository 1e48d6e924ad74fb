"""Links to images and renditions."""

from urllib.parse import quote


def rendition_link(edge: str, key: str) -> str:
    """Where the edge serves a rendition; the answer never changes."""
    return f"{edge}/renditions/{quote(key)}"


def image_link(host: str, image_id: str, *, encode_twice: bool = False) -> str:
    """An image's lasting link, which redirects to what is served now.

    An HTTP API decodes a path twice (docs/read-path.md). The edge encodes once more; a link to the API itself must be
    encoded twice.
    """
    path = quote(image_id)
    return f"{host}/images/{path.replace('%', '%25') if encode_twice else path}"
