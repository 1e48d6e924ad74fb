"""One image: its renditions, the HTML for a web page, and the executions that processed it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from imageservice.core.focus import focal_point
from imageservice.core.links import image_link
from imageservice.core.manifest import Manifest, Rendition, manifest_of
from imageservice.core.picture import PictureOptions, parts, picture, srcset_by_format
from imageservice.failures.advice import advice_on
from imageservice_operator.console.context import (
    IDLE_REFRESH_S,
    RUNNING_REFRESH_S,
    Context,
    context_of,
    permitted,
    render,
    required,
)
from imageservice_operator.console.thumbnails import preview_of, thumbnail_of
from imageservice_operator.operations import audit, description, failures, images
from imageservice_operator.operations.errors import ImageNotFound
from imageservice_operator.operations.images import Image
from imageservice_operator.operations.uploads import SETTLED

PREVIEW_WIDTH = 640
ACTS_SHOWN = 20


@dataclass(frozen=True)
class Size:
    """A size of the plan: its renditions, best format first, and the bytes of the largest of them."""

    name: str
    width: int
    height: int
    renditions: Sequence[Mapping[str, Any]]
    largest: int


def page(request: Request) -> Response:
    """The image `id`. An original that is not in the table yet is shown, too: the page updates itself."""
    context, image_id = context_of(request), required(request, "id")
    try:
        image = images.get(context.stack, image_id)
    except ImageNotFound:
        waiting = images.listed(context.stack, prefix=image_id, limit=1).images
        if not waiting or waiting[0].id != image_id:
            raise
        image = waiting[0]
    error = image.error or {}
    failure = failures.failure_of_image(context.stack, image)
    in_progress = image.status not in SETTLED and failure is None
    return render(
        request,
        "image.html",
        section="images",
        image=image,
        thumbnail=thumbnail_of(image),
        preview=preview_of(image.renditions, PREVIEW_WIDTH),
        sizes=_sizes(image),
        advice=advice_on(error.get("name", ""), error.get("cause", "")) if error else None,
        failure=failure,
        status="FAILED" if failure else image.status,  # as in the lists, whatever the item says yet
        point=focal_point(image.source["focus"]) if image.renditions and image.source.get("focus") else None,
        text=description.description_of(image).text,
        links=_links(context, image) if image.renditions else None,
        link_command=shlex.join(["images", "link", image.id]),
        executions=context.executions.of_image(image.id, image.item),
        originals=permitted(lambda: context.originals.of_image(image.id)),
        acts=permitted(lambda: list(audit.of_image(context.stack, image.id, limit=ACTS_SHOWN))),
        in_progress=in_progress,
        refresh=RUNNING_REFRESH_S if in_progress else IDLE_REFRESH_S,
    )


def _sizes(image: Image) -> list[Size]:
    by_name: dict[str, list[Mapping[str, Any]]] = {}
    for each in image.renditions:
        by_name.setdefault(each["size"], []).append(each)
    sizes = [
        Size(name, some[0]["width"], some[0]["height"], some, max(each["bytes"] for each in some))
        for name, some in by_name.items()
    ]
    return sorted(sizes, key=lambda size: size.width)


def _links(context: Context, image: Image) -> Mapping[str, str]:
    """The HTML and the links to copy. The reader's own code makes them, so they equal those in the metadata."""
    manifest: Manifest = manifest_of(image.item)
    behind_api = "CdnUrl" not in context.stack.outputs
    lasting = image_link(context.stack.public_url, image.id, encode_twice=behind_api)

    def link(rendition: Rendition) -> str:
        return f"{lasting}?size={rendition['size']}&format={rendition['format']}"

    srcset = srcset_by_format(manifest, link)
    return {
        "lasting": lasting,
        "metadata": lasting.replace("/images/", "/metadata/", 1),
        "picture": picture(parts(manifest, srcset, link, PictureOptions())).replace("><", ">\n<"),
        "srcset": "\n\n".join(f"{name}: {candidates}" for name, candidates in srcset.items()),
    }
