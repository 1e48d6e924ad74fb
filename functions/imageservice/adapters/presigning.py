"""Links to renditions for readers who come without the CDN: S3's own, presigned, valid for an hour."""

import os
import time
from functools import lru_cache
from urllib.parse import quote

_EXPIRY_S = 3600
# The same link is returned for this long, so that a browser finds the image in its cache; it is then still valid for 50
# minutes.
_WINDOW_S = 600


def presigned_link(bucket: str, key: str) -> str:
    """A link to `key` in `bucket` that is valid for at least 50 minutes; the same one for ten minutes."""
    return _presigned(bucket, key, int(time.time() / _WINDOW_S))


@lru_cache(maxsize=4096)
def _presigned(bucket: str, key: str, window: int) -> str:  # noqa: ARG001 - `window` only ends the cached link's life
    # Not at the top: with the CDN, none of this is needed. The signer alone takes a third of the time of a client.
    from botocore.auth import S3SigV4QueryAuth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    credentials = Credentials(
        os.environ["AWS_ACCESS_KEY_ID"],
        os.environ["AWS_SECRET_ACCESS_KEY"],
        os.environ.get("AWS_SESSION_TOKEN"),
    )
    region = os.environ.get("AWS_REGION") or os.environ["AWS_DEFAULT_REGION"]
    request = AWSRequest(method="GET", url=f"{_origin(bucket, region)}/{quote(key)}")
    S3SigV4QueryAuth(credentials, "s3", region, expires=_EXPIRY_S).add_auth(request)
    return str(request.url)


def _origin(bucket: str, region: str) -> str:
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        return f"{endpoint.rstrip('/')}/{bucket}"
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://{bucket}.s3.{region}.{suffix}"
