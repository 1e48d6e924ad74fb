"""The key pair that signs links to private images, and CloudFront's signed URLs: ECDSA on P-256, with SHA-256.

CloudFront also takes RSA keys of 2048 bits. These are shorter, as are their signatures, and sign faster. Source:
docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-trusted-signers.html

The library is imported by the first link: other requests don't wait for it.
"""

import base64
import binascii
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from imageservice.core.errors import LinksUnavailable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey

# In a query, CloudFront wants these for the characters of base64 that have a meaning there.
_TO_QUERY, _FROM_QUERY = bytes.maketrans(b"+=/", b"-_~"), bytes.maketrans(b"-_~", b"+=/")


class LinkKeys:
    """The private key (PEM), and the public keys that count, by id: one, or two while one replaces the other.

    Each public key is the body of its PEM: base64, in one line or several. An empty private key signs nothing.
    """

    def __init__(self, private: str, public: Mapping[str, str]) -> None:
        self._private_pem, self._public_bodies = private, public

    @property
    def id(self) -> str:
        """The id of the key that signs. Raises LinksUnavailable."""
        return self._signing[0]

    def sign(self, text: bytes) -> str:
        """The signature, as it is in a query. The same text has the same one. Raises LinksUnavailable."""
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.hashes import SHA256

        signature = self._signing[1].sign(text, ec.ECDSA(SHA256(), deterministic_signing=True))
        return base64.b64encode(signature).translate(_TO_QUERY).decode()

    def verifies(self, text: bytes, key_id: str, signature: str) -> bool:
        """Whether it is the text's signature by the private half of that key."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.hashes import SHA256

        if key_id not in self._public_bodies:
            return False
        try:
            decoded = base64.b64decode(signature.encode().translate(_FROM_QUERY), validate=True)
            self._public[key_id].verify(decoded, text, ec.ECDSA(SHA256()))
        except (InvalidSignature, binascii.Error, UnicodeEncodeError):
            return False
        return True

    @cached_property
    def _public(self) -> Mapping[str, "EllipticCurvePublicKey"]:
        from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
        from cryptography.hazmat.primitives.serialization import load_der_public_key

        loaded = {
            key_id: load_der_public_key(base64.b64decode(body))
            for key_id, body in self._public_bodies.items()
        }
        return {key_id: key for key_id, key in loaded.items() if isinstance(key, EllipticCurvePublicKey)}

    @cached_property
    def _signing(self) -> tuple[str, "EllipticCurvePrivateKey"]:
        from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        if not self._private_pem:
            raise LinksUnavailable(
                "This deployment has no key that signs links (parameter LinkKeySecretArn)."
            )
        try:
            private = load_pem_private_key(self._private_pem.encode(), password=None)
        except (ValueError, TypeError) as error:  # the latter if the key has a password
            raise LinksUnavailable("The secret of LinkKeySecretArn is not a private key in PEM.") from error
        public = private.public_key()
        found = next((key_id for key_id, each in self._public.items() if each == public), None)
        if found is None or not isinstance(private, EllipticCurvePrivateKey):
            raise LinksUnavailable(
                "The private key of LinkKeySecretArn is of none of the deployment's public keys."
            )
        return found, private


def link_keys(private: str, public: str) -> LinkKeys:
    """The keys of a deployment: `public` is ID=BODY, one a semicolon."""
    pairs = (each.partition("=") for each in public.split(";") if each)
    return LinkKeys(private, {key_id: body.replace(",", "") for key_id, _, body in pairs})
