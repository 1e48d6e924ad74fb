"""A requested change of an image's metadata, from the API or from an operator, and its answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from imageservice.core.audit import Actor, Record, record_of
from imageservice.core.errors import BodyTooLarge, MediaTypeUnsupported
from imageservice.core.image_id import check_image_id, check_key
from imageservice.core.metadata_patch import check_patch
from imageservice.core.original_metadata import FOCUS
from imageservice.core.ownership import check_may_write
from imageservice.http.events import Event, body_of, caller_of, claims_of, header, id_in_path, json_document
from imageservice.http.links import distribution_of, process_image_of
from imageservice.http.responses import Response, json_response
from imageservice.metadata_changes import Changed

MEDIA_TYPES = ("application/merge-patch+json", "application/json")
_MOST_BYTES = 65_536


@dataclass(frozen=True)
class Update:
    """The change of one image: a checked patch, who asks for it, the distribution that serves the image, and the
    workflow that processes it."""

    image_id: str
    patch: Mapping[str, Any]
    actor: Actor
    distribution: str
    process_image_arn: str
    if_match: str = ""

    def record(self) -> Record:
        focus = {FOCUS: self.patch[FOCUS] or "none"} if FOCUS in self.patch else {}
        action = "focus" if focus.keys() == self.patch.keys() else "describe"
        return record_of(self.actor, action, datetime.now(UTC), image=self.image_id, details=focus)


def api_update(prefix_claim: str, event: Event) -> Update:
    """What a request asks for; raises a Problem."""
    image_id = check_image_id(id_in_path(event))
    check_may_write(image_id, prefix_claim, claims_of(event))
    media_type = header(event, "content-type").partition(";")[0].strip().lower()
    if media_type not in MEDIA_TYPES:
        raise MediaTypeUnsupported(f"The Content-Type must be {' or '.join(MEDIA_TYPES)}.")
    if len(body_of(event)) > _MOST_BYTES:
        raise BodyTooLarge(f"The body may have at most {_MOST_BYTES:,} bytes.")
    return Update(
        image_id,
        check_patch(json_document(event)),
        Actor(caller_of(event), "API"),
        distribution_of(event),
        process_image_of(event),
        header(event, "if-match"),
    )


def operators_update(event: Mapping[str, Any]) -> Update:
    """What an operator asks for; raises a Problem."""
    actor = Actor(event["who"], event["via"])
    return Update(
        check_key(event["id"]),
        check_patch(event["patch"]),
        actor,
        event.get("distribution", ""),
        event["process_image"],
        event.get("if_match", ""),
    )


def changed(made: Changed) -> Response:
    """200 with what readers now get; 202 if the edge still answers with what it had, for some seconds at most.

    With a new focal point, `version_id` is the upload that makes its crops.
    """
    manifest = made.manifest
    body = {
        "id": manifest["id"],
        "revision": manifest["revision"],
        "text": manifest.get("text", {}),
        "changed": list(made.names),
        "reprocessing": made.reprocessing,
        **({"version_id": made.version} if made.version else {}),
    }
    headers = {"cache-control": "no-store", "etag": f'"{manifest["revision"]}"'}
    return json_response(HTTPStatus.OK if made.purged else HTTPStatus.ACCEPTED, body, headers)
