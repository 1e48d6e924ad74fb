"""The password of an ElastiCache user who authenticates with IAM: a request to connect, signed on this machine.

A token is valid for 15 minutes, and only for connecting; ElastiCache closes a connection that is 12 hours old. So each
connection signs a token of its own, in about 50 µs. The signature is Signature Version 4 in the query, written out here
because importing botocore takes longer than a reader's whole cold start; a test compares it with botocore's.

Source: docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

_SERVICE = "elasticache"
_EXPIRES_S = 900
_EMPTY_BODY = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True)
class AwsCredentials:
    """A role's temporary keys. `session_token` is empty for a user's own, lasting keys."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    region: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "AwsCredentials":
        """The keys of this function's role, as Lambda sets them."""
        return cls(
            access_key_id=environment["AWS_ACCESS_KEY_ID"],
            secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            session_token=environment.get("AWS_SESSION_TOKEN", ""),
            region=environment.get("AWS_REGION") or environment["AWS_DEFAULT_REGION"],
        )


def elasticache_token(
    cache: str,
    user: str,
    credentials: AwsCredentials,
    *,
    serverless: bool,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> str:
    """The password with which `user` connects to `cache`: a replication group's id, or a serverless cache's name."""
    at = now()
    date, stamp = at.strftime("%Y%m%d"), at.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{date}/{credentials.region}/{_SERVICE}/aws4_request"
    query = {
        "Action": "connect",
        "User": user,
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{credentials.access_key_id}/{scope}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(_EXPIRES_S),
        "X-Amz-SignedHeaders": "host",
    }
    if serverless:
        query["ResourceType"] = "ServerlessCache"
    if credentials.session_token:
        query["X-Amz-Security-Token"] = credentials.session_token
    canonical_query = "&".join(f"{_encoded(name)}={_encoded(query[name])}" for name in sorted(query))
    canonical_request = f"GET\n/\n{canonical_query}\nhost:{cache}\n\nhost\n{_EMPTY_BODY}"
    request_hash = hashlib.sha256(canonical_request.encode()).hexdigest()
    to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{request_hash}"
    key = f"AWS4{credentials.secret_access_key}".encode()
    for part in (date, credentials.region, _SERVICE, "aws4_request"):
        key = _hmac(key, part)
    return f"{cache}/?{canonical_query}&X-Amz-Signature={_hmac(key, to_sign).hex()}"


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
