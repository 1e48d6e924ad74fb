"""The calls that write: each takes what it writes to and a request, and answers it or raises a Problem."""

import time
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any

from imageservice.adapters.audit_table import AuditTable
from imageservice.adapters.source_bucket import Originals
from imageservice.core.access import AccessRules
from imageservice.core.audit import Actor, record_of
from imageservice.core.errors import BodyTooLarge, ImageExists, MediaTypeUnsupported, RequestInvalid
from imageservice.core.focus import check_focus
from imageservice.core.formats import check_media_type
from imageservice.core.image_id import check_image_id
from imageservice.core.original_metadata import FOCUS, uploaded_by
from imageservice.core.ownership import check_may_write
from imageservice.core.uploaded_text import text_metadata, text_sent
from imageservice.http.events import (
    Event,
    body_of,
    caller_of,
    claims_of,
    header,
    id_in_path,
    json_document,
    json_strings,
    metadata_headers,
)
from imageservice.http.links import link_to
from imageservice.http.responses import Response, json_response
from imageservice.http.signed_links import LinkSigner

# A Lambda function gets at most 6 MB, and API Gateway encodes bodies in base64, which adds a third. Source:
# docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_PUT_BYTES = 4_400_000
_STATE_S = 3600
_EXAMPLE = {"id": "shoes/red.jpg", "content_type": "image/jpeg"}
_OPTIONAL = {"focus": "0.42,0.18"}


@dataclass(frozen=True)
class Writes:
    """SourceBucket, the record of who did what, and which ids a token permits (imageservice.core.ownership).

    `access` says which ids are private (None: none are), and `signer` signs links to them.
    """

    originals: Originals
    audit: AuditTable
    prefix_claim: str = ""
    access: AccessRules | None = None
    signer: LinkSigner | None = None

    def check(self, event: Event, image_id: str) -> str:
        """The id. Raises ImageIdInvalid or WriteForbidden."""
        check_may_write(check_image_id(image_id), self.prefix_claim, claims_of(event))
        return image_id

    def recorded(self, event: Event, action: str, image_id: str) -> AbstractContextManager[object]:
        """The block, on record as its caller's act. Raises StoreUnavailable before the block runs."""
        return self.audit.recorded(record_of(_actor(event), action, datetime.now(UTC), image=image_id))


def presign_upload(writes: Writes, event: Event) -> Response:
    """201 with a form that uploads one image; the body is `{"id": …, "content_type": "image/…"}`.

    It may also have a focal point, `focus`, and the image's `text` (imageservice.core.image_text).
    """
    document = json_document(event)
    text = document.pop("text", {}) if isinstance(document, dict) else {}
    request = json_strings(document, _EXAMPLE, _OPTIONAL)
    image_id = writes.check(event, request["id"])
    if header(event, "if-none-match"):
        raise RequestInvalid("A form can't be create-only. Use PUT, or an id that has never been used.")
    try:
        content_type = check_media_type(request["content_type"])
    except MediaTypeUnsupported as error:  # that of the file; the call's own body is JSON, as it should be
        raise RequestInvalid(str(error)) from error
    # A browser sees the form: it has the subject of the browser's own token, but not the ARN of a site's backend.
    uploader = uploaded_by(_actor(event)) if claims_of(event) else {}
    metadata = _metadata(uploader, request.get("focus"), text)
    form = writes.originals.presigned_post(image_id, content_type, metadata)
    return _answer(
        writes, HTTPStatus.CREATED, event, image_id, **asdict(form), max_bytes=writes.originals.max_bytes
    )


def put_image(writes: Writes, event: Event) -> Response:
    """202 once the body is stored as the image's original; its renditions follow.

    With `If-None-Match: *`, only if there is none yet. `x-amz-meta-focus` is the image's focal point, and
    `x-amz-meta-alt`, … its text (imageservice.core.uploaded_text), as in S3's call.
    """
    originals, image_id = writes.originals, writes.check(event, id_in_path(event))
    condition = header(event, "if-none-match")
    if condition not in ("", "*"):
        raise RequestInvalid("If-None-Match may only be *, which creates an image and never replaces one.")
    content_type = check_media_type(header(event, "content-type"))
    data = body_of(event)
    most = min(_PUT_BYTES, originals.max_bytes)
    if not data:
        raise RequestInvalid("The body is empty; it must be the image.")
    if len(data) > most:
        raise BodyTooLarge(
            f"The image has {len(data):,} bytes; this call accepts at most {most:,}. "
            f"POST /uploads presigns uploads of up to {originals.max_bytes:,} bytes."
        )
    sent = metadata_headers(event)
    metadata = _metadata(uploaded_by(_actor(event)), sent.get(FOCUS), text_sent(sent))
    store = partial(originals.put, image_id, data, content_type, metadata=metadata)
    try:
        # S3 knows whether there is an original, so that a first upload costs no other request.
        version = store(create_only=True)
    except ImageExists:
        if condition:
            raise
        with writes.recorded(event, "replace", image_id):
            version = store()
    return _answer(
        writes, HTTPStatus.ACCEPTED, event, image_id, version, status="PROCESSING", version_id=version
    )


def delete_image(writes: Writes, event: Event) -> Response:
    """202 once the original is deleted; renditions and caches follow. Deleting twice is no error."""
    image_id = writes.check(event, id_in_path(event))
    with writes.recorded(event, "remove", image_id):
        writes.originals.delete(image_id)
    return _answer(writes, HTTPStatus.ACCEPTED, event, image_id, status="DELETED")


def _metadata(uploader: dict[str, str], focus: str | None, text: Any) -> dict[str, str]:
    """What an original says about itself. Raises FocusInvalid and RequestInvalid."""
    metadata = uploader if focus is None else {**uploader, FOCUS: check_focus(focus)}
    return metadata | text_metadata(text, metadata)


def _actor(event: Event) -> Actor:
    return Actor(caller_of(event), "API")


def _answer(
    writes: Writes,
    code: HTTPStatus,
    event: Event,
    image_id: str,
    version: str = "",
    **members: Any,
) -> Response:
    """The answer, with where the upload's state and the image's metadata are.

    Of a private image, the link to the state is signed for an hour. No link shows the image: its writer need not be one
    who may see it, and POST /links has a permission of its own.
    """
    parameters = {"version": version} if version else {}
    if writes.signer and writes.access is not None and writes.access.private(image_id):
        expires = int(time.time()) + _STATE_S
        upload = writes.signer.link_at(event, f"/uploads/{image_id}", expires, **parameters)
    else:
        upload = link_to(event, "uploads", image_id, **parameters)
    links = {"upload": upload, "metadata": link_to(event, "metadata", image_id)}
    headers = {"cache-control": "no-store", "location": upload}
    return json_response(code, {"id": image_id, **members, **links}, headers)
