"""A Flask extension: `image_url` and `image` in every Jinja template."""

from __future__ import annotations

from typing import Any

from flask import Flask
from markupsafe import Markup

from imageservice_web.links import DEFAULT_WIDTHS, ImageLinks


class Images:
    """Reads `IMAGE_SERVICE_URL` and, if present, `IMAGE_SERVICE_WIDTHS` from the app's configuration.

    {{ image("shoes/red.jpg", alt="Red shoes", width=1600, height=1200) }}
    {{ image_url("shoes/red.jpg", size="thumb") }}
    """

    def __init__(self, app: Flask | None = None) -> None:
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Adds both to the app's templates. Raises KeyError if `IMAGE_SERVICE_URL` is not configured."""
        links = ImageLinks(
            app.config["IMAGE_SERVICE_URL"], tuple(app.config.get("IMAGE_SERVICE_WIDTHS", DEFAULT_WIDTHS))
        )

        def image(image_id: str, **options: Any) -> Markup:
            return Markup(links.image(image_id, **options))  # noqa: S704 - `image` escapes all that it is given

        app.extensions["images"] = links
        app.jinja_env.globals.update(image=image, image_url=links.image_url)
