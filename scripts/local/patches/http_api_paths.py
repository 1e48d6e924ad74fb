"""An HTTP API decodes a request's path twice, cuts it at a `?` that the first decoding brings, and refuses what then
is no valid escape.

MiniStack decodes it once and leaves `%25` as it is. Ids with `%` or `?` in them would work here and not on AWS, or the
other way round. Captures of the real thing:
github.com/hotsock/voker/blob/a1c00bf491e0/vokerhttp/testdata/ingress-paths.json
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

from local.patches.patch import Patch

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_REFUSED = "\0"


def decoded(raw_path: str) -> str:
    """What `rawPath` says of the path as it was sent, or a path that no route has where AWS refuses it."""
    once = unquote(raw_path).partition("?")[0]
    return raw_path + _REFUSED if _BAD_ESCAPE.search(once) else unquote(once)


def apply(patch: Patch) -> None:
    """Decode as AWS does, and answer 400 where it does."""
    from ministack.services import apigateway

    async def execute(api_id: str, stage: str, path: str, *args: Any, **kwargs: Any) -> Any:
        if path.endswith(_REFUSED):
            return 400, {"Content-Type": "application/json"}, json.dumps({"message": "Bad Request"}).encode()
        return await ministack_execute(api_id, stage, path, *args, **kwargs)

    patch.set(apigateway, "decode_http_api_path", decoded)
    ministack_execute = patch.set(apigateway, "handle_execute", execute)
