"""The password of an ElastiCache user who authenticates with IAM: a request to connect, signed on this machine.

A token is valid for 15 minutes, and only for connecting; ElastiCache closes a connection that is 12 hours old. So each
connection signs a token of its own, in about 50 µs. The signature is in the query.

Source: docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html
"""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

from imageservice.adapters.sigv4 import AwsCredentials, Signer

_EXPIRES_S = 900
_EMPTY_BODY = hashlib.sha256(b"").hexdigest()


def elasticache_token(
    cache: str,
    user: str,
    credentials: AwsCredentials,
    *,
    serverless: bool,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> str:
    """The password with which `user` connects to `cache`: a replication group's id, or a serverless cache's name."""
    parameters = {"Action": "connect", "User": user}
    if serverless:
        parameters["ResourceType"] = "ServerlessCache"
    signer = Signer(credentials, "elasticache", now())
    return f"{cache}/?{signer.signed_query(cache, '/', parameters, _EMPTY_BODY, _EXPIRES_S)}"
