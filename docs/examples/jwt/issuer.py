"""An issuer of JWTs on this machine, in place of Cognito, Auth0 or the like: for trying JwtIssuer with the local stack.

pip install 'pyjwt[crypto]'
python docs/examples/jwt/issuer.py ann      serves the keys, and prints a token for ann
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa


class Issuer:
    """Signs tokens with a key of its own, and serves the public half of it at `url`."""

    def __init__(self, port: int = 0) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
        keys = json.dumps({"keys": [{**public, "kid": "local", "use": "sig", "alg": "RS256"}]}).encode()

        class Keys(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = self.path == "/.well-known/jwks.json"
                self.send_response(200 if found else 404)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(keys) if found else 0))
                self.end_headers()
                if found:
                    self.wfile.write(keys)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Keys)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def token(
        self, subject: str, *, audience: str = "shop", scope: str = "", valid_for_s: float = 3600
    ) -> str:
        """A token for `subject`, as an identity provider would sign it."""
        now = time.time()
        claims = {"iss": self.url, "sub": subject, "aud": audience, "iat": now - 1, "exp": now + valid_for_s}
        scopes = {"scope": scope} if scope else {}
        return jwt.encode({**claims, **scopes}, self._key, algorithm="RS256", headers={"kid": "local"})

    @contextmanager
    def serving(self) -> Iterator[Issuer]:
        """Serves the keys while the block runs."""
        thread = Thread(target=self._server.serve_forever)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()


if __name__ == "__main__":
    issuer = Issuer(port=4599)
    with issuer.serving():
        print(f"issuer  {issuer.url}")
        for name in sys.argv[1:] or ["ann"]:
            print(f"{name}  {issuer.token(name, scope='images/upload images/delete')}", flush=True)
        input("Enter stops it.\n")
