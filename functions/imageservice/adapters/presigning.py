"""Links to renditions for readers who come without the CDN: S3's own, presigned, valid for an hour."""

import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from types import MappingProxyType
from urllib.parse import quote, urlsplit

from imageservice.adapters.sigv4 import AwsCredentials, Signer

_EXPIRY_S = 3600
NO_QUERY: Mapping[str, str] = MappingProxyType({})
# The same link is returned for this long, so that a browser finds the image in its cache; it is then still valid for 50
# minutes.
_WINDOW_S = 600


def presigned_download(bucket: str, key: str, disposition: str, seconds: int = 0) -> str:
    """A link to `key` that S3 answers with this Content-Disposition; valid for so many seconds, at most an hour."""
    query = {"response-content-disposition": disposition}
    return _signed(bucket, key, min(seconds or _EXPIRY_S, _EXPIRY_S), query)


def presigned_link(bucket: str, key: str, seconds: int = 0) -> str:
    """A link to `key` in `bucket` that is valid for at least 50 minutes; the same one for ten minutes.

    With `seconds`, it is valid for so long, but for no more than an hour.
    """
    if seconds:
        return _signed(bucket, key, min(seconds, _EXPIRY_S))
    return _presigned(bucket, key, int(time.time() / _WINDOW_S))


@lru_cache(maxsize=4096)
def _presigned(bucket: str, key: str, window: int) -> str:  # noqa: ARG001 - `window` only ends the cached link's life
    return _signed(bucket, key, _EXPIRY_S)


def _signed(bucket: str, key: str, seconds: int, query: Mapping[str, str] = NO_QUERY) -> str:
    credentials = AwsCredentials.from_environment(os.environ)
    origin = urlsplit(_origin(bucket, credentials.region))
    path = f"{origin.path}/{quote(key)}"
    signer = Signer(credentials, "s3", datetime.now(UTC))
    signed = signer.signed_query(origin.netloc, path, query, "UNSIGNED-PAYLOAD", seconds)
    return f"{origin.scheme}://{origin.netloc}{path}?{signed}"


def _origin(bucket: str, region: str) -> str:
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        return f"{endpoint.rstrip('/')}/{bucket}"
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://{bucket}.s3.{region}.{suffix}"
