"""The app's configuration, and a check that the settings name the service."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from imageservice_web.links import DEFAULT_WIDTHS, ImageLinks


class ImageServiceConfig(AppConfig):
    name = "imageservice_web.django"
    label = "imageservice"
    verbose_name = "Image service"

    def ready(self) -> None:
        register(check_settings)


def check_settings(**_: Any) -> list[CheckMessage]:
    """One error if IMAGE_SERVICE_URL is missing; `manage.py check` shows it."""
    if getattr(settings, "IMAGE_SERVICE_URL", ""):
        return []
    hint = "Set it to the stack's output CdnUrl, such as https://images.example.com."
    return [Error("IMAGE_SERVICE_URL is not set.", hint=hint, id="imageservice.E001")]


def links() -> ImageLinks:
    """Links to the service that the settings name."""
    return ImageLinks(
        settings.IMAGE_SERVICE_URL, tuple(getattr(settings, "IMAGE_SERVICE_WIDTHS", DEFAULT_WIDTHS))
    )
