"""How the tasks of a state machine reach AWS: boto3 clients at this stack, with the machine's own role."""

from __future__ import annotations

import threading
import time
import uuid
from typing import Any

import boto3
from botocore.config import Config

ROLE_SECONDS = 3600
CLIENT_SECONDS = 1800


class Clients:
    """Clients by service, region and role, made once: making one takes longer than the call itself."""

    def __init__(self, endpoint_url: str, region: str, assume_roles: bool) -> None:
        """With `assume_roles` (IAM is enforced), tasks may do what the role allows; otherwise they may do anything."""
        self._endpoint_url = endpoint_url
        self._region = region
        self._assume_roles = assume_roles
        self._session: Any = boto3.session.Session()  # any service: no stub knows which
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str, str | None], tuple[float, Any]] = {}

    def client_for(self, region: str, service: str, state_credentials: Any = None) -> Any:
        """The client for a task, in the signature of moto's `boto_client_for`."""
        role = getattr(state_credentials, "role_arn", None) if self._assume_roles else None
        key = (service, region or self._region, role)
        with self._lock:
            made, client = self._clients.get(key, (0.0, None))
            if client is None or time.monotonic() - made > CLIENT_SECONDS:
                client = self._make(*key)
                self._clients[key] = (time.monotonic(), client)
        return client

    def _make(self, service: str, region: str, role: str | None) -> Any:
        identity = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        if role is not None:
            sts = self._session.client("sts", endpoint_url=self._endpoint_url, region_name=region, **identity)
            granted = sts.assume_role(RoleArn=role, RoleSessionName="states", DurationSeconds=ROLE_SECONDS)
            credentials = granted["Credentials"]
            identity = {
                "aws_access_key_id": credentials["AccessKeyId"],
                "aws_secret_access_key": credentials["SecretAccessKey"],
                "aws_session_token": credentials["SessionToken"],
            }
        client = self._session.client(
            service,
            endpoint_url=self._endpoint_url,
            region_name=region,
            config=Config(
                parameter_validation=False,  # the interpreter passes on what the definition says
                retries={"total_max_attempts": 1},  # retries are the definition's business
                connect_timeout=60,
                read_timeout=910,  # a function may take 15 minutes
                max_pool_connections=50,  # more are opened when needed, and closed after use
                s3={"addressing_style": "path"},
                inject_host_prefix=False,
            ),
            **identity,
        )
        client.meta.events.register("after-call", _with_request_id)
        return client


def _with_request_id(parsed: dict[str, Any], **_: Any) -> None:
    """Refusals by MiniStack's IAM have no request id, which the interpreter puts into an error's cause."""
    parsed.setdefault("ResponseMetadata", {}).setdefault("RequestId", str(uuid.uuid4()))
