"""Links to images and renditions."""

from urllib.parse import quote


def rendition_link(edge: str, key: str) -> str:
    """Where the edge serves a rendition; the answer never changes."""
    return f"{edge}/renditions/{quote(key)}"


def download_link(edge: str, key: str, name: str) -> str:
    """Where the edge serves a rendition to be saved under this name, which ends with the key's extension."""
    return f"{edge}/downloads/{quote(key)}?name={quote(name, safe='')}"


def image_link(host: str, image_id: str, *, encode_twice: bool = False) -> str:
    """An image's lasting link, which redirects to what is served now."""
    return resource_link(host, "images", image_id, encode_twice=encode_twice)


def resource_link(host: str, path: str, image_id: str, *, encode_twice: bool = False) -> str:
    """The link to what the API has of an image at `/{path}/`: its redirect, its metadata, the state of its uploads.

    An HTTP API decodes a path twice (docs/read-path.md). The edge encodes once more; a link to the API itself must be
    encoded twice.
    """
    encoded = quote(image_id)
    return f"{host}/{path}/{encoded.replace('%', '%25') if encode_twice else encoded}"
