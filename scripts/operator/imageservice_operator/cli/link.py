"""link: a signed link to a private image, which expires."""

from __future__ import annotations

import click

from imageservice_operator.cli.moment import Duration
from imageservice_operator.cli.output import fact
from imageservice_operator.cli.session import Session, command
from imageservice_operator.operations import links


@command("link", "Sign a link to a private image, which expires.")
@click.argument("image_id", metavar="ID")
@click.option("--size", metavar="NAME", help="Only to this size.")
@click.option("--w", metavar="PIXELS", help="Only to the smallest size that is at least this wide.")
@click.option("--format", metavar="NAME", help="Only to this format, such as jpeg.")
@click.option("--download", is_flag=True, help="Have it saved as a file, under the name that people know.")
@click.option(
    "--expires",
    type=Duration(),
    default="1h",
    show_default=True,
    help="How long the link is valid, such as 30min or 12h; at most 7d.",
)
def link(
    session: Session,
    image_id: str,
    size: str | None,
    w: str | None,
    format: str | None,
    download: bool,
    expires: float,
) -> None:
    """Sign a link to a private image. Anyone who has it can see the image until it expires.

    Without --size, --w, --format and --download there is a link to the metadata as well, whose links lead to all sizes.
    """
    given = {"size": size, "w": w, "format": format}
    choice: dict[str, str | bool] = {name: value for name, value in given.items() if value is not None}
    if download:
        choice["download"] = True
    signed = links.sign(session.stack, image_id, expires, choice)
    session.emit(signed.as_json())
    session.show_whole(fact("link", signed.url))
    if signed.metadata:
        session.show_whole(fact("metadata", signed.metadata))
    session.show_whole(fact("until", signed.expires_at))
