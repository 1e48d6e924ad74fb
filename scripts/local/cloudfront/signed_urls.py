"""CloudFront's signed URLs, checked as CloudFront does: a canned policy, ECDSA on P-256 or RSA, SHA-256 or SHA-1.

Custom policies and signed cookies are not known here: they are refused. The library is imported by the first signed
URL: a start does not wait for it. Source:
docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-canned-policy.html
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from local.cloudfront.store import Answer

_OWN = ("Expires", "Signature", "Key-Pair-Id", "Hash-Algorithm", "Policy")
_FROM_QUERY = str.maketrans("-_~", "+=/")
_HASHES = ("SHA1", "SHA256")


class TrustedKeys:
    """The public keys of the distribution's key groups, looked up for each answer: a new deployment counts at once."""

    def __init__(self, cloudfront: Any, distribution_id: str) -> None:
        self._cloudfront = cloudfront
        self._distribution_id = distribution_id

    def __call__(self) -> dict[str, str]:
        """PEM by key id."""
        found = self._cloudfront.get_distribution_config(Id=self._distribution_id)["DistributionConfig"]
        groups = {
            group
            for behavior in found.get("CacheBehaviors", {}).get("Items", ())
            for group in behavior.get("TrustedKeyGroups", {}).get("Items", ())
        }
        ids = {
            key_id
            for group in groups
            for key_id in self._cloudfront.get_key_group(Id=group)["KeyGroup"]["KeyGroupConfig"]["Items"]
        }
        return {key_id: self._pem(key_id) for key_id in ids}

    def _pem(self, key_id: str) -> str:
        found = self._cloudfront.get_public_key(Id=key_id)["PublicKey"]
        return str(found["PublicKeyConfig"]["EncodedKey"])


def refusal(origin: str, path: str, query: str, keys: Mapping[str, str], now: float) -> Answer | None:
    """CloudFront's answer if the URL's signature is not valid now, None if it is. `origin` is scheme and host."""
    pairs = [pair.partition("=")[::2] for pair in query.split("&") if pair]
    own = {name: value for name, value in pairs if name in _OWN}
    if "Key-Pair-Id" not in own:
        return _denied("MissingKey", "Missing Key-Pair-Id query parameter or cookie value")
    others = "&".join(f"{name}={value}" for name, value in pairs if name not in _OWN)
    url = f"{origin}{path}" + (f"?{others}" if others else "")
    expires = own.get("Expires", "")
    repeated = len([name for name, _ in pairs if name in _OWN]) > len(own)
    if repeated or "Policy" in own or not (expires.isascii() and expires.isdigit()) or int(expires) <= now:
        return _denied("AccessDenied", "Access denied")
    policy = f'{{"Statement":[{{"Resource":"{url}","Condition":{{"DateLessThan":{{"AWS:EpochTime":{expires}}}}}}}]}}'
    algorithm = own.get("Hash-Algorithm", "SHA1")
    pem = keys.get(own["Key-Pair-Id"])
    if (
        pem is None
        or algorithm not in _HASHES
        or not _signed(pem, policy, own.get("Signature", ""), algorithm)
    ):
        return _denied("AccessDenied", "Access denied")
    return None


def unsigned(query: str) -> str:
    """The query without what belongs to the signature, which no origin sees."""
    return "&".join(pair for pair in query.split("&") if pair.partition("=")[0] not in _OWN)


def _signed(pem: str, policy: str, signature: str, algorithm_name: str) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    algorithm: hashes.HashAlgorithm = getattr(hashes, algorithm_name)()
    key = load_pem_public_key(pem.encode())
    try:
        decoded = base64.b64decode(signature.translate(_FROM_QUERY), validate=True)
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(decoded, policy.encode(), ec.ECDSA(algorithm))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(decoded, policy.encode(), padding.PKCS1v15(), algorithm)
        else:
            return False
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _denied(code: str, message: str) -> Answer:
    body = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Answer(403, {"content-type": "text/xml"}, body.encode())
