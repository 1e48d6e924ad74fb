"""GET and HEAD of /images/{id+} and /metadata/{id+}: from Redis if possible, otherwise from DynamoDB.

The same below /signed, by signed links.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from imageservice.adapters.deadline import deadline
from imageservice.adapters.emf_log import log_request
from imageservice.core.errors import LinkRequired, Problem, StoreUnavailable
from imageservice.core.signed_link import SIGNED
from imageservice.http.problems import problem
from imageservice.read_through import ReadResult
from reader import bootstrap
from reader.private import read_signed
from reader.request import read_request
from reader.respond import respond
from reader.responses import store_unavailable

if TYPE_CHECKING:  # importing it takes a tenth of a cold start, and only a type needs it
    from aws_lambda_powertools.utilities.typing import LambdaContext

# An answer that took longer may have been overtaken by a purge on its way to the edge, which then must not cache it.
_FRESH_S = 0.25


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    begin = time.perf_counter()
    properties: dict[str, Any] = {"path": event["rawPath"], "request_id": context.aws_request_id}
    try:
        outcome, response = _read(event, begin)
    except StoreUnavailable as error:
        outcome, response = "StoreUnavailable", store_unavailable()
        properties["error"] = str(error)
    except Problem as error:
        outcome, response = "RequestInvalid", problem(error)
    properties["status"] = response["statusCode"]
    log_request("read", {outcome: 1, "ReadMs": (time.perf_counter() - begin) * 1000}, properties)
    return response


def _read(event: dict[str, Any], begin: float) -> tuple[str, dict[str, Any]]:
    """The answer, and where its manifest came from."""
    if event["rawPath"].startswith(SIGNED):
        return _read_signed(event, begin)
    reads, presign, edge, seconds, access, _ = bootstrap.dependencies()
    request = read_request(event, edge)
    if access is not None and access.private(request.image_id):
        raise LinkRequired  # before any look at the image: the answer does not depend on whether there is one
    with deadline(seconds - (time.perf_counter() - begin)):
        manifest, source = reads.find(request.image_id)
    fresh = time.perf_counter() - begin < _FRESH_S
    return source, respond(request, manifest, presign, fresh=fresh)


def _read_signed(event: dict[str, Any], begin: float) -> tuple[str, dict[str, Any]]:
    """The answer to a request for a private image, and where its manifest came from."""
    reads, presign, edge, seconds, _, signer = bootstrap.dependencies()

    def find(image_id: str) -> ReadResult:
        with deadline(seconds - (time.perf_counter() - begin)):
            return reads.find(image_id)

    return read_signed(event, edge, signer, find, presign)
