"""A key pair for links to private images, made for each start: on AWS, a platform team makes it (docs/deploying.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def parameters(client: Callable[[str], Any], given: Mapping[str, str]) -> dict[str, str]:
    """The template's parameters for a new pair, none if a pair is given. `client` makes boto3 clients."""
    if any(name.startswith("Link") for name in given):
        return {}
    private, public = pair()
    secret = client("secretsmanager").create_secret(Name="local-link-key", SecretString=private)
    return {"LinkPublicKeyA": public, "LinkKeySecretArn": secret["ARN"]}


def pair() -> tuple[str, str]:
    """A private key in PEM, and its public key as the template's parameter takes it."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return pem.decode(), ",".join(public.decode().splitlines()[1:-1])
