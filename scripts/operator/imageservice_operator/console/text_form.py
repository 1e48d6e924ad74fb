"""The form of an image's text: what it shows, and what was changed in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imageservice.core.image_text import FIELDS


def sent_text(form: Mapping[str, Any]) -> dict[str, Any]:
    """The text in the form's fields; None for an empty field. `decoration` stands for an empty alternative text."""
    text: dict[str, Any] = {name: _field(form, name) or None for name in FIELDS}
    tags = [each.strip() for each in (text["tags"] or "").split(",")]
    text["tags"] = list(dict.fromkeys(filter(None, tags))) or None
    if form.get("decoration") and text["alt"] is None:
        text["alt"] = ""
    return text


def changed_text(form: Mapping[str, Any], shown: Mapping[str, Any]) -> dict[str, Any]:
    """The same without the fields that are as the form showed them.

    A field can't hold every text: a tag may have a comma, and a text spaces around it. What was not edited stays.
    """
    return {
        name: value
        for name, value in sent_text(form).items()
        if not shown.get(name) or _field(form, name) != _as_shown(shown[name]).strip()
    }


def _field(form: Mapping[str, Any], name: str) -> str:
    value = form.get(name)
    # A browser sends line feeds as CR and LF.
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else ""


def _as_shown(value: str | list[str]) -> str:
    return ", ".join(value) if isinstance(value, list) else value
