"""Images as ImageTable has them: one, or many by status or by the beginning of their ids."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from imageservice.adapters.image_table import ImageTable, from_dynamodb
from imageservice_operator.operations.errors import BadRequest, ImageNotFound
from imageservice_operator.operations.stack import Stack

STATUSES = ("PROCESSING", "READY", "REJECTED", "FAILED", "DELETED")
_BATCH = 100  # BatchGetItem's limit


@dataclass(frozen=True)
class Image:
    """One image. `item` is the whole of its item where it was read, or what the index has of it in a listing.

    `status` is None for an original that no workflow has taken up yet. `error` has `name` and `cause`.
    """

    id: str
    status: str | None
    revision: int
    updated_at: str
    execution: str | None
    error: Mapping[str, Any] | None
    item: Mapping[str, Any]

    @property
    def renditions(self) -> Sequence[Mapping[str, Any]]:
        renditions: Sequence[Mapping[str, Any]] = self.item.get("renditions", ())
        return renditions

    @property
    def upload(self) -> Mapping[str, Any]:
        """The latest upload: bucket, key, etag, bytes, version_id."""
        upload: Mapping[str, Any] = self.item.get("upload", {})
        return upload

    @property
    def source(self) -> Mapping[str, Any]:
        """The original that is served: format, width, height, frames, bytes and where it lies."""
        source: Mapping[str, Any] = self.item.get("source", {})
        return source

    def as_json(self) -> dict[str, Any]:
        """The item as it is, with an id and a status in any case."""
        return {"id": self.id, "status": self.status, **self.item}


@dataclass(frozen=True)
class Page:
    """Some images, newest change first (or by id, where they were asked for by id), and the cursor of what follows."""

    images: Sequence[Image]
    cursor: str | None


def image_of(item: Mapping[str, Any]) -> Image:
    """An Image of an item, be it whole or from the index."""
    return Image(
        id=item["id"],
        status=item.get("status"),
        revision=item.get("revision", 0),
        updated_at=item.get("updated_at", ""),
        execution=item.get("execution"),
        error=item.get("error"),
        item=item,
    )


def get(stack: Stack, image_id: str) -> Image:
    """The image, read consistently. Raises ImageNotFound."""
    item = ImageTable(stack.client("dynamodb"), stack.image_table).get(image_id)
    if item is None:
        raise ImageNotFound(f"There is no image {image_id}.")
    return image_of(item)


def get_many(stack: Stack, image_ids: Sequence[str]) -> dict[str, Image]:
    """Those of the images that there are, read consistently, by id."""
    found = {}
    table, client = stack.image_table, stack.client("dynamodb")
    wanted = list(dict.fromkeys(image_ids))
    while wanted:
        batch, wanted = wanted[:_BATCH], wanted[_BATCH:]
        keys = [{"id": {"S": image_id}} for image_id in batch]
        answer = client.batch_get_item(RequestItems={table: {"Keys": keys, "ConsistentRead": True}})
        for item in answer["Responses"].get(table, []):
            image = image_of(from_dynamodb(item))
            found[image.id] = image
        # DynamoDB answers at most 16 MB at once.
        left = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
        wanted += [key["id"]["S"] for key in left]
    return found


def listed(
    stack: Stack,
    *,
    status: str | None = None,
    prefix: str = "",
    limit: int = 50,
    cursor: str | None = None,
) -> Page:
    """A page of at most `limit` images.

    With a status, or with nothing: newest change first, by the index. With a prefix alone: by id, from the listing of
    SourceBucket, which has what no workflow has taken up yet, and not what was deleted. Raises BadRequest.
    """
    if status is not None and status not in STATUSES:
        raise BadRequest(f"{status} is no status; there are {', '.join(STATUSES)}.")
    if not 1 <= limit <= 1000:
        raise BadRequest("A page has 1 to 1000 images.")
    start = _decoded(cursor)
    if prefix and status is None:
        return _by_prefix(stack, prefix, limit, start)
    return _newest(stack, (status,) if status else STATUSES, prefix, limit, start)


def every(stack: Stack, *, status: str | None = None, prefix: str = "") -> Iterator[Image]:
    """All the images that `listed` pages through."""
    cursor = None
    while True:
        page = listed(stack, status=status, prefix=prefix, limit=500, cursor=cursor)
        yield from page.images
        if page.cursor is None:
            return
        cursor = page.cursor


def count(stack: Stack, status: str) -> int:
    """How many images have `status`: reads all of the index's entries of it, a megabyte a call."""
    pages = stack.client("dynamodb").get_paginator("query").paginate(**_query(stack, status), Select="COUNT")
    return sum(page["Count"] for page in pages)


def _by_prefix(stack: Stack, prefix: str, limit: int, start: Mapping[str, Any]) -> Page:
    answer = stack.client("s3").list_objects_v2(
        Bucket=stack.source_bucket,
        Prefix=prefix,
        MaxKeys=limit,
        **({"StartAfter": start["after"]} if "after" in start else {}),
    )
    ids = [entry["Key"] for entry in answer.get("Contents", [])]
    found = get_many(stack, ids)
    exact = [] if prefix in ids or "after" in start else list(get_many(stack, [prefix]).values())
    images = exact + [found.get(each) or image_of({"id": each}) for each in ids]
    return Page(images, _encoded({"after": ids[-1]}) if answer.get("IsTruncated") and ids else None)


def _newest(stack: Stack, statuses: Sequence[str], prefix: str, limit: int, start: Mapping[str, Any]) -> Page:
    """Merges the statuses' own lists, each of which the index keeps in order."""
    candidates: list[Image] = []
    more: dict[str, bool] = {}
    for status in statuses:
        if start and start.get(status) == "end":
            continue
        found, more[status] = _of_status(stack, status, prefix, limit, start.get(status))
        candidates += found
    candidates.sort(key=lambda image: image.updated_at, reverse=True)
    chosen, left = candidates[:limit], candidates[limit:]
    following: dict[str, Any] = {}
    for status in statuses:
        last = next((image for image in reversed(chosen) if image.status == status), None)
        if not more.get(status) and not any(image.status == status for image in left):
            following[status] = "end"
        elif last is not None:
            following[status] = {"id": last.id, "updated_at": last.updated_at}
        elif start.get(status):
            following[status] = start[status]
    ended = all(following.get(status) == "end" for status in statuses)
    return Page(chosen, None if ended else _encoded(following or {"first": True}))


def _of_status(
    stack: Stack, status: str, prefix: str, limit: int, after: Mapping[str, str] | None
) -> tuple[list[Image], bool]:
    """Up to `limit` images of a status, and whether there may be more."""
    key = {"status": status, **after} if after else None
    query = _query(stack, status)
    if prefix:
        query["FilterExpression"] = "begins_with(id, :prefix)"
        query["ExpressionAttributeValues"][":prefix"] = {"S": prefix}
    found: list[Image] = []
    typed = {name: {"S": value} for name, value in key.items()} if key else None
    while True:
        answer = stack.client("dynamodb").query(
            **query,
            ScanIndexForward=False,
            # What is filtered out counts: a page of one's own size would be almost empty.
            Limit=1000 if prefix else limit,
            **({"ExclusiveStartKey": typed} if typed else {}),
        )
        found += [image_of(from_dynamodb(item)) for item in answer["Items"]]
        typed = answer.get("LastEvaluatedKey")
        if typed is None or len(found) >= limit:
            return found[:limit], typed is not None or len(found) > limit


def _query(stack: Stack, status: str) -> dict[str, Any]:
    return {
        "TableName": stack.image_table,
        "IndexName": "by-status",
        "KeyConditionExpression": "#status = :status",
        "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": {":status": {"S": status}},
    }


def _encoded(position: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode()


def _decoded(cursor: str | None) -> dict[str, Any]:
    if not cursor:
        return {}
    try:
        position = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except (binascii.Error, ValueError) as error:
        raise BadRequest("The cursor is not one that a listing gave.") from error
    if not isinstance(position, dict):
        raise BadRequest("The cursor is not one that a listing gave.")
    return position
