"""What a backend asks the service: an image's metadata, and the state of an upload."""

from __future__ import annotations

import json
from typing import Any

import urllib3

from imageservice_web.links import ImageLinks

_TIMEOUT = urllib3.Timeout(connect=2, read=5)
_RETRIES = urllib3.Retry(total=2, backoff_factor=0.2, status_forcelist=(429, 503), raise_on_status=False)


class NotAvailable(Exception):
    """The service has no such image to show, or can't be reached. `status` is the HTTP status, 503 for the latter."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"{status}: {detail}")
        self.status, self.detail = status, detail


class ImageReads:
    """Asks one deployed service. Thread-safe: connections are reused."""

    def __init__(self, links: ImageLinks) -> None:
        self._links = links
        self._http = urllib3.PoolManager(timeout=_TIMEOUT, retries=_RETRIES)

    def metadata(self, image_id: str) -> dict[str, Any]:
        """The image's metadata: width, height, alpha, color, renditions, srcset … (docs/openapi.yaml, `Metadata`).

        Raises NotAvailable while there is nothing to serve.
        """
        return self._get(self._links.metadata_url(image_id))

    def picture(
        self,
        image_id: str,
        *,
        alt: str = "",
        sizes: str | None = None,
        priority: bool = False,
        css_class: str | None = None,
        inline_style: bool = True,
    ) -> str:
        """A `<picture>` as safe HTML, with the image's own width, height and placeholder.

        Without `alt`, the image is a decoration. `priority` is for the one large image at the top of a page. Without
        `inline_style`, it works under a content security policy that forbids inline styles. Raises NotAvailable.
        """
        options = {"alt": alt, "sizes": sizes, "class": css_class}
        options |= {"loading": "eager", "fetchpriority": "high"} if priority else {}
        options |= {} if inline_style else {"style": "none"}
        given = {name: value for name, value in options.items() if value}
        return str(self._get(self._links.metadata_url(image_id, **given))["picture"])

    def upload_state(self, image_id: str, version_id: str | None = None) -> dict[str, Any]:
        """The state of one upload, by default of the newest: `status`, `reason`, `served`. Raises NotAvailable."""
        return self._get(self._links.upload_url(image_id, version_id))

    def _get(self, url: str) -> dict[str, Any]:
        try:
            answer = self._http.request("GET", url)
            document = json.loads(answer.data)
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            raise NotAvailable(503, f"The image service can't be reached: {error}") from error
        if answer.status != 200:
            raise NotAvailable(answer.status, str(document.get("detail") or document.get("message") or ""))
        found: dict[str, Any] = document
        return found
