"""DynamoDB's GetItem for readers: over one connection that is kept, and within the time that the answer has left.

boto3 is not used: importing it and making a client take longer than a reader may wait in all, and its timeouts belong
to a client and an attempt, so they cannot be what an answer has left. API:
docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetItem.html
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import orjson

from imageservice.adapters.deadline import time_left
from imageservice.adapters.image_table import from_dynamodb
from imageservice.adapters.sigv4 import AwsCredentials, Signer, endpoint_of
from imageservice.core.errors import StoreUnavailable

if TYPE_CHECKING:
    from http.client import HTTPConnection

    from imageservice.adapters.deadline_socket import DeadlineSocket

# For what comes after the table: filling the cache or giving the lease back, and the answer itself.
_RESERVE_S = 0.07
# Where there is no deadline.
_LONGEST_S = 1.0
_TARGET = "DynamoDB_20120810.GetItem"
_JSON = "application/x-amz-json-1.0"


class _Answer(NamedTuple):
    status: int
    body: bytes


class ItemReader:
    """The items of a table, read consistently. Nothing is connected before the first read."""

    def __init__(
        self,
        table: str,
        endpoint: str = "",
        credentials: Callable[[], AwsCredentials] = lambda: AwsCredentials.from_environment(os.environ),
    ) -> None:
        """`endpoint` is DynamoDB's address; empty: that of the environment, or of the region."""
        self._table, self._credentials = table, credentials
        self._address = urlsplit(endpoint or endpoint_of("dynamodb", os.environ))
        self._kept: tuple[HTTPConnection, DeadlineSocket] | None = None

    def get(self, image_id: str) -> dict[str, Any] | None:
        """The image's item; None if there is none.

        What a server's error or a lost connection answers is asked again once, over another connection. Raises
        StoreUnavailable if DynamoDB throttles, fails or does not answer in the time that is left.
        """
        request = {"TableName": self._table, "Key": {"id": {"S": image_id}}, "ConsistentRead": True}
        until = time.monotonic() + min(time_left() - _RESERVE_S, _LONGEST_S)
        answer = self._answer(orjson.dumps(request), until)
        if answer.status != HTTPStatus.OK:
            raise StoreUnavailable(f"reading the image's item failed: {answer.status} {answer.body[:300]!r}")
        item = orjson.loads(answer.body).get("Item")
        return None if item is None else from_dynamodb(item)

    def _answer(self, request: bytes, until: float) -> _Answer:
        from http.client import HTTPException

        # A connection that was kept may be dead: half of the time is for another one.
        first_until = (time.monotonic() + until) / 2 if self._kept else until
        try:
            answer = self._sent(request, first_until)
            if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                return answer
        except (OSError, HTTPException):
            pass  # the second try says what is wrong
        self._close()
        try:
            return self._sent(request, until)
        except (OSError, HTTPException) as error:
            self._close()
            raise StoreUnavailable(f"reading the image's item failed: {error!r}") from error

    def _sent(self, request: bytes, until: float) -> _Answer:
        connection, limited = self._kept or self._connected(until)
        self._kept = connection, limited
        limited.until = until
        headers = {"content-type": _JSON, "host": self._address.netloc, "x-amz-target": _TARGET}
        signer = Signer(self._credentials(), "dynamodb", datetime.now(UTC))
        connection.request("POST", "/", request, signer.signed_headers(headers, request))
        response = connection.getresponse()
        answer = _Answer(response.status, response.read())
        if response.will_close:
            self._close()
        return answer

    def _connected(self, until: float) -> tuple[HTTPConnection, DeadlineSocket]:
        # Not at the top: a reader that hits the cache needs none of them.
        import ssl
        from http.client import HTTPConnection

        from imageservice.adapters.deadline_socket import connect

        tls = None
        if self._address.scheme == "https":
            tls = ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE"))
        host, port = self._address.hostname or "", self._address.port or (443 if tls else 80)
        limited = connect(host, port, until, tls)
        connection = HTTPConnection(host, port)
        connection.sock = limited
        return connection, limited

    def _close(self) -> None:
        if self._kept is not None:
            self._kept[1].close()
        self._kept = None
