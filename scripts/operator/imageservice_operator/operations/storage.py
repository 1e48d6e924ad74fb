"""What ProcessedBucket still has of old: renditions that are neither served nor about to be, and that will not expire.

The workflows retire what they replace. What is left is of executions that failed, or were stopped, after something
newer had taken over, and stored some renditions after the newer one had cleaned up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from imageservice.adapters.processed_bucket import Renditions, StoredRendition
from imageservice.core.keys import DIGEST, cache_tag, digest_of, is_private
from imageservice.core.timestamps import to_text
from imageservice_operator.operations import failures, images
from imageservice_operator.operations.stack import Stack
from imageservice_operator.operations.workflow_functions import retire_digests

# ProcessImage may run for three hours; what it stores is recorded at its end.
OLDER_THAN = timedelta(hours=4)
_KEY = re.compile(rf"(.+)/{DIGEST}/[^/]+\.[a-z]+", re.DOTALL)
_AT_ONCE = 16
_EXECUTION = "reconcile-storage"  # stands for an execution in the function's log


@dataclass(frozen=True)
class LeftOver:
    """One object of no use: its key, the image that it was made for, its bytes, and when it was stored.

    One that is `exposed` shows a private image to everybody who has its address.
    """

    key: str
    image_id: str
    bytes: int
    modified: datetime
    exposed: bool = False

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "modified": to_text(self.modified)}


def left_over(
    stack: Stack,
    *,
    prefix: str = "",
    older_than: timedelta = OLDER_THAN,
    on_page: Callable[[int], Any] | None = None,
) -> Iterator[LeftOver]:
    """The objects of images whose ids begin with `prefix` that are left over, in the order of their keys.

    It lists the bucket page by page, and reads the items of each page; `on_page` gets the number of objects so far. It
    skips what is younger than `older_than`, and images that are processed, or that have a failure to be replayed.
    """
    busy = {failure.id for failure in failures.failed(stack)}
    client, bucket = stack.client("s3"), stack.processed_bucket
    renditions = Renditions(client, bucket)
    before = datetime.now(UTC) - older_than
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    seen = 0
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for page in pages:
            listed = page.get("Contents", [])
            candidates = [each for entry in listed if (each := _candidate(entry)) and each.modified < before]
            items = images.get_many(
                stack, [each.image_id for each in candidates if each.image_id not in busy]
            )
            unused = [
                replace(each, exposed=_is_exposed(each, items.get(each.image_id)))
                for each in candidates
                if each.image_id not in busy and _is_unused(each, items.get(each.image_id))
            ]
            retired = pool.map(lambda each: renditions.is_retired(_stored(each)), unused)
            yield from (each for each, gone in zip(unused, retired, strict=True) if each.exposed or not gone)
            seen += len(listed)
            if on_page:
                on_page(seen)


def retire(stack: Stack, found: Iterable[LeftOver]) -> Iterator[tuple[LeftOver, bool]]:
    """Lets each expire a day from now; False if it is gone, or was stored again since it was listed.

    Exposed ones are deleted at once, and purged from the edge.
    """
    renditions = Renditions(stack.client("s3"), stack.processed_bucket)
    for (image_id, digest, exposed), group in groupby(found, key=_digest_of):
        if exposed:
            retire_digests(stack, images.get(stack, image_id), [digest], _EXECUTION)
            yield from ((each, True) for each in group)
        else:
            yield from ((each, renditions.retire(_stored(each), cache_tag(image_id))) for each in group)


def _candidate(entry: Mapping[str, Any]) -> LeftOver | None:
    """The object as one that may be left over; None if its key is not a rendition's."""
    found = _KEY.fullmatch(entry["Key"])
    return LeftOver(entry["Key"], found[1], entry["Size"], entry["LastModified"]) if found else None


def _is_unused(each: LeftOver, image: images.Image | None) -> bool:
    if image is None:
        return True
    if image.status in ("PROCESSING", "FAILED"):
        return False
    return each.key not in {rendition["key"] for rendition in image.renditions}


def _is_exposed(each: LeftOver, image: images.Image | None) -> bool:
    return image is not None and image.private and not is_private(digest_of(each.key))


def _digest_of(each: LeftOver) -> tuple[str, str, bool]:
    return each.image_id, digest_of(each.key), each.exposed


def _stored(each: LeftOver) -> StoredRendition:
    return StoredRendition(each.key, each.modified)
