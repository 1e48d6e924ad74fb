"""How others find a running local stack, with nothing but boto3.

stack = local.client.load(".local")
stack.client("s3").upload_file("a.jpg", stack.outputs["SourceBucketName"], "a.jpg")
"""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

STATE_DIR = Path(".local")
_MAKING = threading.Lock()


class NoStack(Exception):
    """No stack runs on this state directory; the message says how to start one."""


@dataclass(frozen=True)
class Stack:
    """A running stack, as its `stack.json` describes it."""

    endpoint_url: str
    region: str
    access_key_id: str
    secret_access_key: str
    redis_url: str
    console_url: str | None
    outputs: dict[str, str] = field(hash=False)

    def client(self, service: str, **overrides: Any) -> Any:
        """A boto3 client of `service` at this stack, as its administrator; safe to use from many threads.

        It is the same each time, unless `overrides` are given, which go to boto3.
        """
        with _MAKING:  # a session is not safe to make clients from many threads at once
            return self._new_client(service, overrides) if overrides else _shared_client(self, service)

    def _new_client(self, service: str, overrides: dict[str, Any]) -> Any:
        settings: dict[str, Any] = {
            "endpoint_url": self.endpoint_url,
            "region_name": self.region,
            "aws_access_key_id": self.access_key_id,
            "aws_secret_access_key": self.secret_access_key,
            "config": Config(s3={"addressing_style": "path"}, max_pool_connections=50),
        }
        return _session().client(service, **{**settings, **overrides})

    def url(self, path: str) -> str:
        """The absolute URL of `path` (with its leading slash) at the HTTP API."""
        return self.outputs["ApiUrl"].rstrip("/") + path


@cache
def _shared_client(stack: Stack, service: str) -> Any:
    return stack._new_client(service, {})


@cache
def _session() -> boto3.session.Session:
    return boto3.session.Session()


def load(state_dir: str | os.PathLike[str] = STATE_DIR) -> Stack:
    """The stack that runs on `state_dir`. Raises NoStack."""
    try:
        description = json.loads((Path(state_dir) / "stack.json").read_text())
    except FileNotFoundError as error:
        raise NoStack(f"no local stack runs on {state_dir}: start one with ./scripts/run") from error
    known = {name: description.get(name) for name in Stack.__dataclass_fields__}
    return Stack(**known)
