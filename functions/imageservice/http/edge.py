"""What the edge adds to a viewer's request, and how it proves that the request came through it."""

from collections.abc import Mapping
from hmac import compare_digest
from typing import NamedTuple

# The CloudFront Function sets it to the host name that the viewer used.
VIEWER_HOST = "x-viewer-host"
# CloudFront adds it for the API alone, and replaces what a viewer sends under this name.
EDGE_SECRET = "x-edge-secret"  # noqa: S105 - a header's name


class EdgeSettings(NamedTuple):
    """The edge, as a reader knows it. `url` is its configured origin, or empty; it sends one of `secrets`, of which
    there are two while one is rotated. If it is `required`, requests that did not come through it are refused."""

    url: str
    secrets: tuple[str, ...]
    required: bool

    def sent(self, headers: Mapping[str, str]) -> bool:
        """Whether a request with these headers came through the edge. Without any secret, none did."""
        given = headers.get(EDGE_SECRET, "").encode(errors="replace")
        return any(compare_digest(given, secret.encode()) for secret in self.secrets)
