"""{% load imageservice %}

{% image product.image_id alt=product.name width=1600 height=1200 %}
{% image_url product.image_id size="thumb" %}
"""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

from imageservice_web.django.apps import links

register = template.Library()


@register.simple_tag
def image(image_id: str, **options: Any) -> SafeString:
    """An <img> with every width of the plan (imageservice_web.links.ImageLinks.image has the options)."""
    return mark_safe(links().image(image_id, **options))  # noqa: S308 - `image` escapes all that it is given


@register.simple_tag
def image_url(image_id: str, **options: Any) -> str:
    """A lasting link to the image."""
    return links().image_url(image_id, **options)
