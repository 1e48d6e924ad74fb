"""GET and HEAD of /images/{id+} and /metadata/{id+}: from Redis if it can be, from DynamoDB if it must."""

from __future__ import annotations

import time
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from imageservice.adapters.aws_clients import client
from imageservice.adapters.emf_log import log_request
from imageservice.adapters.image_table import ImageTable
from imageservice.adapters.manifest_cache import READER, connect
from imageservice.adapters.presigning import presigned_link
from imageservice.adapters.settings import settings
from imageservice.core.errors import RequestInvalid, StoreUnavailable
from imageservice.read_through import Lookup
from reader.request import read_request
from reader.respond import answer
from reader.responses import problem, store_unavailable

if TYPE_CHECKING:  # a tenth of a cold start, for the name of a type
    from aws_lambda_powertools.utilities.typing import LambdaContext

# An answer that took longer may have been overtaken by a purge on its way to the edge, which then must not keep it.
_FRESH_S = 0.25


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    begin = time.perf_counter()
    properties: dict[str, Any] = {"path": event["rawPath"], "request_id": context.aws_request_id}
    try:
        outcome, response = _read(event, begin)
    except RequestInvalid as error:
        outcome, response = "RequestInvalid", problem(HTTPStatus.BAD_REQUEST, str(error))
    except StoreUnavailable as error:
        outcome, response = "StoreUnavailable", store_unavailable()
        properties["error"] = str(error)
    properties["status"] = response["statusCode"]
    log_request("read", {outcome: 1, "ReadMs": (time.perf_counter() - begin) * 1000}, properties)
    return response


def _read(event: dict[str, Any], begin: float) -> tuple[str, dict[str, Any]]:
    request = read_request(event, settings().cdn_url)
    found = lookup().find(request.image_id)
    fresh = time.perf_counter() - begin < _FRESH_S
    response = answer(request, found.manifest, presigned, fresh=fresh)
    if request.head:
        response["body"] = ""
    return found.source, response


@cache
def lookup() -> Lookup:
    """The way to manifests; its connection to Redis outlives the invocation."""
    return Lookup(connect(settings().redis_url, READER), table)


@cache
def table() -> ImageTable:
    return ImageTable(client("dynamodb", for_readers=True), settings().image_table)


def presigned(key: str) -> str:
    return presigned_link(settings().processed_bucket, key)
