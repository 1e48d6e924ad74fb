"""RefreshCacheFunction, called by functions that cannot reach the cache: it alone is in the cache's network."""

import json
from collections.abc import Mapping
from typing import Any

from imageservice.adapters.image_table import to_dynamodb
from imageservice.core.errors import CacheUnavailable


class CacheRefresh:
    """The function, called through a Lambda client."""

    def __init__(self, client: Any, function: str) -> None:
        self._client = client
        self._function = function

    def refresh(self, item: Mapping[str, Any]) -> None:
        """Brings an image's item to readers: after this, the cache answers nothing older. Raises CacheUnavailable."""
        from botocore.exceptions import BotoCoreError, ClientError

        payload = json.dumps({"item": to_dynamodb(item), "cause": "metadata"}).encode()
        try:
            answer = self._client.invoke(FunctionName=self._function, Payload=payload)
        except (BotoCoreError, ClientError) as error:
            raise CacheUnavailable(f"the cache can't be refreshed: {error}") from error
        if "FunctionError" in answer:
            reason = answer["Payload"].read(1000).decode(errors="replace")
            raise CacheUnavailable(f"the cache can't be refreshed: {reason}")
