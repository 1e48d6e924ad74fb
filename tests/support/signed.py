"""Requests signed as an AWS client signs them."""

from typing import Any

import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from imageservice_operator.operations.stack import Stack


class Signed(requests.auth.AuthBase):
    """Signs as an AWS client does."""

    def __init__(self, stack: Stack) -> None:
        assert stack.file is not None
        self._credentials = Credentials(stack.file.access_key_id, stack.file.secret_access_key)
        self._region = stack.region

    def __call__(self, request: Any) -> Any:
        unsigned = AWSRequest(request.method, request.url, data=request.body or b"")
        SigV4Auth(self._credentials, "execute-api", self._region).add_auth(unsigned)
        request.headers.update(dict(unsigned.headers.items()))
        return request
