"""Signature Version 4, for requests that a reader signs: importing botocore takes longer than its whole cold start.

A test compares the signatures with botocore's. Source: docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"


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


class Signer:
    """Signs requests to a service that are sent at `now`, in UTC."""

    def __init__(self, credentials: AwsCredentials, service: str, now: datetime) -> None:
        self._credentials, self._service = credentials, service
        self._date, self._stamp = now.strftime("%Y%m%d"), now.strftime("%Y%m%dT%H%M%SZ")
        self._scope = f"{self._date}/{credentials.region}/{service}/aws4_request"
        self._credential = f"{credentials.access_key_id}/{self._scope}"

    def _signature(self, canonical_request: str) -> str:
        request_hash = hashlib.sha256(canonical_request.encode()).hexdigest()
        to_sign = f"{ALGORITHM}\n{self._stamp}\n{self._scope}\n{request_hash}"
        key = f"AWS4{self._credentials.secret_access_key}".encode()
        for part in (self._date, self._credentials.region, self._service, "aws4_request"):
            key = _hmac(key, part)
        return _hmac(key, to_sign).hex()

    def signed_query(
        self, host: str, path: str, parameters: Mapping[str, str], payload_hash: str, expires: int
    ) -> str:
        """The query of a GET of the encoded path with these parameters, signed, and valid for so many seconds."""
        signed = {
            **parameters,
            "X-Amz-Algorithm": ALGORITHM,
            "X-Amz-Credential": self._credential,
            "X-Amz-Date": self._stamp,
            "X-Amz-Expires": str(expires),
            "X-Amz-SignedHeaders": "host",
        }
        if self._credentials.session_token:
            signed["X-Amz-Security-Token"] = self._credentials.session_token
        query = "&".join(f"{_encoded(name)}={_encoded(signed[name])}" for name in sorted(signed))
        signature = self._signature(f"GET\n{path}\n{query}\nhost:{host}\n\nhost\n{payload_hash}")
        return f"{query}&X-Amz-Signature={signature}"

    def signed_headers(self, headers: Mapping[str, str], body: bytes) -> dict[str, str]:
        """The headers of a POST to `/` with these and its body, signed. Their names are in lower case."""
        signed = {**headers, "x-amz-date": self._stamp}
        if self._credentials.session_token:
            signed["x-amz-security-token"] = self._credentials.session_token
        names = ";".join(sorted(signed))
        lines = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
        signature = self._signature(f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}")
        parts = f"Credential={self._credential}, SignedHeaders={names}, Signature={signature}"
        return {**signed, "authorization": f"{ALGORITHM} {parts}"}


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def endpoint_of(service: str, environment: Mapping[str, str]) -> str:
    """The address of a service in the environment's region, or the one that the environment sets for it."""
    given = environment.get(f"AWS_ENDPOINT_URL_{service.upper()}") or environment.get("AWS_ENDPOINT_URL")
    region = environment.get("AWS_REGION") or environment["AWS_DEFAULT_REGION"]
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return given or f"https://{service}.{region}.{suffix}"
