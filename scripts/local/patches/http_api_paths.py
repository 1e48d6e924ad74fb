"""An HTTP API decodes a request's path twice, cuts it at a `?` that results from the first decoding, and refuses a path
that then has an invalid escape.

MiniStack decodes it once and leaves `%25` as it is. Ids with `%` or `?` in them would work here and not on AWS, or the
other way around. Captures of the real service:
github.com/hotsock/voker/blob/a1c00bf491e0/vokerhttp/testdata/ingress-paths.json

Upstream: MiniStack, `services/apigateway.py`. `decode_http_api_path` would become `decoded` below, and `handle_execute`
would answer 400 if the path has an invalid escape after the first decoding.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from ministack.services import apigateway

from local.patches.patch import replace, wrap

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_REFUSED = "\0"


def apply() -> None:
    """Decode as AWS does, and answer 400 when it does."""
    replace(apigateway, "decode_http_api_path", decoded)
    wrap(apigateway, "handle_execute", execute)


def decoded(raw_path: str) -> str:
    """The event's `rawPath` for a path as it was sent, or a path that no route has if AWS refuses it."""
    once = unquote(raw_path).partition("?")[0]
    return raw_path + _REFUSED if _BAD_ESCAPE.search(once) else unquote(once)


async def execute(
    original: Callable[..., Any], api_id: str, stage: str, path: str, *args: Any, **kwargs: Any
) -> Any:
    """Answer the request; 400 if its path was refused."""
    if path.endswith(_REFUSED):
        return 400, {"Content-Type": "application/json"}, json.dumps({"message": "Bad Request"}).encode()
    return await original(api_id, stage, path, *args, **kwargs)
