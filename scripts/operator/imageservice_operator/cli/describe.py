"""describe: show or change what people say about an image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from imageservice.core.image_text import FIELDS
from imageservice_operator.cli.output import table, untrusted
from imageservice_operator.cli.session import Session, command
from imageservice_operator.operations import description, images
from imageservice_operator.operations.description import Description


def text_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that set an image's text; `text_of` reads them."""
    for option in reversed(
        [
            click.option("--alt", help="Alternative text; empty for a decorative image."),
            click.option("--caption", help="The caption that figure shows."),
            click.option("--credit", help="Who is credited: a photographer, an agency."),
            click.option("--copyright", "copyright_", metavar="TEXT", help="The copyright notice."),
            click.option("--tag", "tags", multiple=True, metavar="TEXT", help="A tag; repeatable."),
            click.option("--filename", metavar="NAME", help="The file name of downloads."),
        ]
    ):
        function = option(function)
    return function


def text_of(**given: Any) -> dict[str, Any]:
    """The fields that the options set."""
    found = {"copyright" if name == "copyright_" else name: value for name, value in given.items()}
    return {
        name: list(value) if name == "tags" else value
        for name, value in found.items()
        if value is not None and value != ()
    }


@command("describe", "Show or change an image's text: alt, caption, credit, …")
@click.argument("image_id", metavar="ID")
@text_options
@click.option("--remove", multiple=True, type=click.Choice([*FIELDS, "all"]), help="A field to remove.")
def describe(session: Session, image_id: str, remove: tuple[str, ...], **given: Any) -> None:
    """Show an image's text, or change it for all readers.

    Fields that are not given stay. Renditions are made again only where
    the plan embeds what changes. --tag replaces all tags.
    """
    text = text_of(**given)
    both = text.keys() & set(remove)
    if both or ("all" in remove and text):
        raise click.UsageError("A field can be set or removed, not both.")
    if not text and not remove:
        _show(session, image_id, description.description_of(images.get(session.stack, image_id)))
        return
    change = None if "all" in remove else {**text, **dict.fromkeys(remove)}
    made = description.describe(session.stack, image_id, change)
    _show(session, image_id, made)
    if made.reprocessing:
        session.say("The plan embeds a part of this text, so the renditions are being made again.")
    if not made.everywhere:
        session.say("CloudFront may answer with the old text for some more seconds.")


def _show(session: Session, image_id: str, made: Description) -> None:
    session.emit(
        {
            "id": image_id,
            "revision": made.revision,
            "text": dict(made.text),
            "changed": list(made.changed),
            "everywhere": made.everywhere,
            "reprocessing": made.reprocessing,
        }
    )
    if not made.text:
        session.show(untrusted(f"{image_id} has no text."))
        return
    shown = table("field", "text", "")
    for name, value in made.text.items():
        lines = ", ".join(value) if isinstance(value, list) else str(value).replace("\n", " ⏎ ")
        shown.add_row(name, untrusted(lines), "changed" if f"text.{name}" in made.changed else "")
    session.show(shown)
