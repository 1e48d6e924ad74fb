"""Purges answers from the CDN, as the workflows do (statemachine/process_image.asl.json)."""

import time
from typing import Any

from imageservice.core.errors import CacheUnavailable

_FIRST_LOOK_S, _SLOWEST_LOOK_S = 0.25, 2.0


class Cdn:
    """A distribution, reached through a CloudFront client. `wait` is how many seconds to wait for a purge."""

    def __init__(self, client: Any, distribution: str, wait: float) -> None:
        self._client = client
        self._distribution = distribution
        self._wait = wait

    def purge(self, tag: str, reference: str) -> bool:
        """Purges all answers with this tag, and waits until no edge has them; False if that takes too long.

        A repeated call with the same reference is the same purge, which costs once. Raises CacheUnavailable.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        until, pause = time.monotonic() + self._wait, _FIRST_LOOK_S
        try:
            made = self._client.create_invalidation(
                DistributionId=self._distribution,
                InvalidationBatch={
                    "CallerReference": reference,
                    "Paths": {"Quantity": 1, "Items": [f"#{tag}"]},
                },
            )["Invalidation"]
            while made["Status"] != "Completed":
                if time.monotonic() + pause > until:
                    return False
                time.sleep(pause)
                pause = min(pause * 2, _SLOWEST_LOOK_S)
                made = self._client.get_invalidation(DistributionId=self._distribution, Id=made["Id"])[
                    "Invalidation"
                ]
        except (BotoCoreError, ClientError) as error:
            raise CacheUnavailable(f"the CDN can't be purged: {error}") from error
        return True
