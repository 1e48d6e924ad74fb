"""Links to images, and the `<img>` that shows one, made without asking the service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal
from urllib.parse import urlencode

from imageservice.core.image_id import check_image_id
from imageservice.core.links import resource_link

DEFAULT_WIDTHS = (320, 640, 1280, 1920)
"""The widths of the default rendition plan, in pixels. With a plan of your own, pass its widths."""

Loading = Literal["lazy", "eager"]


@dataclass(frozen=True)
class ImageLinks:
    """Links to one deployed service.

    `url` is the stack's output CdnUrl (ApiUrl without a CDN), without a slash at the end. `encode_twice` is for ApiUrl,
    where API Gateway decodes a path twice (docs/read-path.md).
    """

    url: str
    widths: Sequence[int] = DEFAULT_WIDTHS
    encode_twice: bool = False

    def image_url(
        self,
        image_id: str,
        *,
        width: int | None = None,
        dpr: float | None = None,
        size: str | None = None,
        format: str | None = None,
    ) -> str:
        """A lasting link, which redirects to the image's current rendition.

        `size` is a name in the rendition plan. `width` is in CSS pixels, and `dpr` is the device pixels for each. The
        answer is the narrowest rendition that is at least as wide. Without `format`, the browser's `Accept` header
        decides. Raises imageservice.core.errors.ImageIdInvalid if no image can have this id.
        """
        query = {"size": size, "w": width, "dpr": dpr, "format": format}
        return self._link("images", image_id, query)

    def metadata_url(self, image_id: str, **picture: str) -> str:
        """Where the image's metadata are, as JSON.

        `picture` are options of the HTML in it: sizes, alt, class, loading, fetchpriority, style (docs/openapi.yaml).
        """
        return self._link("metadata", image_id, picture)

    def upload_url(self, image_id: str, version_id: str | None = None) -> str:
        """Where the state of an upload is, as JSON; by default of the newest upload."""
        return self._link("uploads", image_id, {"version": version_id})

    def _link(self, path: str, image_id: str, query: Mapping[str, str | float | None]) -> str:
        link = resource_link(
            self.url.rstrip("/"), path, check_image_id(image_id), encode_twice=self.encode_twice
        )
        given = urlencode({name: value for name, value in query.items() if value is not None})
        return f"{link}?{given}" if given else link

    def srcset(self, image_id: str) -> str:
        """A `srcset` with one link for each width of the plan."""
        return ", ".join(f"{self.image_url(image_id, width=width)} {width}w" for width in self.widths)

    def image(
        self,
        image_id: str,
        *,
        alt: str,
        width: int,
        height: int,
        sizes: str | None = None,
        loading: Loading = "lazy",
        priority: bool = False,
        css_class: str | None = None,
    ) -> str:
        """An `<img>` as safe HTML.

        `alt` describes the image for those who don't see it; "" marks a decoration. `width` and `height` are the
        image's own, or any of its aspect ratio: by them, the browser reserves the space. `sizes` says how wide the
        image is shown; without it, the browser measures a lazy image (`auto`), and takes others to be as wide as the
        window. `priority` is for the one large image at the top of a page: it is loaded at once, before others.
        """
        if priority:
            loading = "eager"
        attributes: dict[str, str | int | None] = {
            "src": self.image_url(image_id, width=self.widths[-1]),
            "srcset": self.srcset(image_id),
            "sizes": sizes or ("auto, 100vw" if loading == "lazy" else "100vw"),
            "alt": alt,
            "width": width,
            "height": height,
            "loading": loading,
            "decoding": "async",
            "fetchpriority": "high" if priority else None,
            "class": css_class,
        }
        written = " ".join(
            f'{name}="{escape(str(value))}"' for name, value in attributes.items() if value is not None
        )
        return f"<img {written}>"
