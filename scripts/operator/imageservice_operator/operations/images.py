"""Images as ImageTable has them: one, or many by status or by a prefix of their ids."""

from __future__ import annotations

import base64
import heapq
import json
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from imageservice.adapters.image_table import ImageTable, from_dynamodb, status_query, to_dynamodb
from imageservice.core import manifest
from imageservice.core.errors import ImageIdInvalid
from imageservice.core.image_id import check_key
from imageservice.core.keys import is_private
from imageservice_operator.operations.errors import BadRequest, ImageNotFound
from imageservice_operator.operations.stack import Stack

STATUSES = manifest.STATUSES
_BATCH = 100  # BatchGetItem's limit


@dataclass(frozen=True)
class Image:
    """One image. `item` is its whole item if that was read; in a listing, it is what the index has of it.

    `status` is None for an original that no workflow has processed yet. `error` has `name` and `cause`.
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
    def private(self) -> bool:
        """Whether what is served needs signed links."""
        return is_private(self.item.get("digest", ""))

    @property
    def upload(self) -> Mapping[str, Any]:
        """The latest upload: bucket, key, etag, bytes, version_id."""
        upload: Mapping[str, Any] = self.item.get("upload", {})
        return upload

    @property
    def source(self) -> Mapping[str, Any]:
        """The original of what is served: format, width, height, frames, bytes, and its object."""
        source: Mapping[str, Any] = self.item.get("source", {})
        return source

    def as_json(self) -> dict[str, Any]:
        """The item, always with an id, a status and a revision."""
        return {"id": self.id, "status": self.status, "revision": self.revision, **self.item}


class Position(NamedTuple):
    """An image's place in the list of its status."""

    updated_at: str
    id: str


@dataclass(frozen=True)
class Cursor:
    """Where a page ended: the last image shown of each status, or the last `id` of a listing by id.

    Each status has a position of its own, because the index does not define the order of images of the same moment.
    """

    positions: Mapping[str, Position] = field(default_factory=dict)
    id: str = ""

    def after(self, images: Sequence[Image]) -> Cursor:
        """The cursor after a page of `images` that began here."""
        last = {str(image.status): Position(image.updated_at, image.id) for image in images}
        return Cursor({**self.positions, **last})

    def encoded(self) -> str:
        return base64.urlsafe_b64encode(json.dumps([self.positions, self.id]).encode()).decode()

    @classmethod
    def decoded(cls, text: str | None) -> Cursor:
        """The cursor that `encoded` returned as `text`; for None, the beginning. Raises BadRequest."""
        if not text:
            return cls()
        try:
            positions, last = json.loads(base64.urlsafe_b64decode(text.encode()))
            places = {str(status): Position(*place) for status, place in positions.items()}
        except (ValueError, TypeError, AttributeError) as error:
            raise BadRequest("The cursor is not one that a listing gave.") from error
        texts = [last, *places, *(each for place in places.values() for each in place)]
        if not all(isinstance(each, str) for each in texts):
            raise BadRequest("The cursor is not one that a listing gave.")
        return cls(places, last)


@dataclass(frozen=True)
class Page:
    """Some images, and the cursor of the next page; None after the last one."""

    images: Sequence[Image]
    cursor: str | None


def image_of(item: Mapping[str, Any]) -> Image:
    """The Image of an item, whole or from the index."""
    return Image(
        id=item["id"],
        status=item.get("status"),
        revision=item.get("revision", 0),
        updated_at=item.get("updated_at", ""),
        execution=item.get("execution"),
        error=item.get("error"),
        item=item,
    )


def check_keys(image_ids: Sequence[str]) -> None:
    """Raises BadRequest for an id that no object in S3 can have."""
    try:
        for image_id in image_ids:
            check_key(image_id)
    except ImageIdInvalid as error:
        raise BadRequest(str(error)) from error


def get(stack: Stack, image_id: str) -> Image:
    """The image, read consistently. Raises ImageNotFound, BadRequest for an id that no object in S3 can have."""
    check_keys([image_id])
    item = ImageTable(stack.client("dynamodb"), stack.image_table).get(image_id)
    if item is None:
        raise ImageNotFound(f"There is no image {image_id}.")
    return image_of(item)


def get_many(stack: Stack, image_ids: Sequence[str]) -> dict[str, Image]:
    """Those of the images that exist, by id, read consistently. Raises BadRequest as `get` does."""
    check_keys(image_ids)
    found = {}
    table, client = stack.image_table, stack.client("dynamodb")
    left = list(dict.fromkeys(image_ids))
    while left:
        batch, left = left[:_BATCH], left[_BATCH:]
        keys = [{"id": {"S": image_id}} for image_id in batch]
        answer = client.batch_get_item(RequestItems={table: {"Keys": keys, "ConsistentRead": True}})
        for item in answer["Responses"].get(table, []):
            image = image_of(from_dynamodb(item))
            found[image.id] = image
        # DynamoDB returns at most 16 MB per call.
        if table in answer.get("UnprocessedKeys", {}):
            left += [key["id"]["S"] for key in answer["UnprocessedKeys"][table]["Keys"]]
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

    With a status, or with nothing: newest change first, from the index. With a prefix alone: by id, from the listing of
    SourceBucket, which has originals that are not processed yet, and not what was deleted. Raises BadRequest.
    """
    if status is not None and status not in STATUSES:
        raise BadRequest(f"{status} is not a status; there are {', '.join(STATUSES)}.")
    if not 1 <= limit <= 1000:
        raise BadRequest("A page has 1 to 1000 images.")
    begin = Cursor.decoded(cursor)
    if prefix and status is None:
        return _by_id(stack, prefix, limit, begin)
    return _newest(stack, (status,) if status else STATUSES, prefix, limit, begin)


def every(stack: Stack, *, status: str | None = None, prefix: str = "") -> Iterator[Image]:
    """All the images that `listed` pages through."""
    cursor = None
    while True:
        page = listed(stack, status=status, prefix=prefix, limit=500, cursor=cursor)
        yield from page.images
        if page.cursor is None:
            return
        cursor = page.cursor


def count(stack: Stack, status: str, at_most: int | None = None) -> int:
    """How many images have `status`, or `at_most` if there are more.

    Reads the index's entries for it, a megabyte per call; without `at_most`, all of them.
    """
    query = status_query(stack.image_table, status)
    counted = 0
    while True:
        if at_most is not None:
            query["Limit"] = at_most - counted
        answer = stack.client("dynamodb").query(**query, Select="COUNT")
        counted += answer["Count"]
        if "LastEvaluatedKey" not in answer or counted == at_most:
            return counted
        query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def oldest(stack: Stack, status: str, without: Container[str] = ()) -> Image | None:
    """The image that has had `status` for the longest, without those ids, from among the oldest hundred."""
    query = status_query(stack.image_table, status)
    found = stack.client("dynamodb").query(**query, Limit=100)["Items"]
    return next((each for each in map(image_of, map(from_dynamodb, found)) if each.id not in without), None)


def _newest(stack: Stack, statuses: Sequence[str], prefix: str, limit: int, cursor: Cursor) -> Page:
    """Merges the statuses' own lists, each of which the index keeps newest first."""
    lists = [_of_status(stack, status, prefix, limit, cursor.positions.get(status)) for status in statuses]
    merged = heapq.merge(*lists, key=lambda image: image.updated_at, reverse=True)
    images = list(islice(merged, limit))
    if next(merged, None) is None:
        return Page(images, None)
    return Page(images, cursor.after(images).encoded())


def _of_status(
    stack: Stack, status: str, prefix: str, limit: int, position: Position | None
) -> Iterator[Image]:
    """The images of a status after `position`, newest first, read as the caller takes them."""
    query = status_query(stack.image_table, status)
    if prefix:
        query["FilterExpression"] = "begins_with(id, :prefix)"
        query["ExpressionAttributeValues"][":prefix"] = {"S": prefix}
    if position:
        key = {"status": status, "updated_at": position.updated_at, "id": position.id}
        query["ExclusiveStartKey"] = to_dynamodb(key)
    while True:
        # DynamoDB applies the limit before the filter, so with a filter a page has to be large.
        answer = stack.client("dynamodb").query(
            **query, ScanIndexForward=False, Limit=1000 if prefix else limit + 1
        )
        yield from (image_of(from_dynamodb(item)) for item in answer["Items"])
        if "LastEvaluatedKey" not in answer:
            return
        query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _by_id(stack: Stack, prefix: str, limit: int, cursor: Cursor) -> Page:
    start: dict[str, Any] = {"StartAfter": cursor.id} if cursor.id else {}
    answer = stack.client("s3").list_objects_v2(
        Bucket=stack.source_bucket, Prefix=prefix, MaxKeys=limit, **start
    )
    ids = [entry["Key"] for entry in answer.get("Contents", [])]
    # An image whose id is the prefix itself is found even if its original was deleted.
    whole = [prefix] if not cursor.id and prefix not in ids else []
    found = get_many(stack, [*whole, *ids])
    images = [found.get(each) or image_of({"id": each}) for each in ids]
    images = [found[each] for each in whole if each in found] + images
    more = answer.get("IsTruncated") or len(images) > limit
    images = images[:limit]
    return Page(images, Cursor(id=images[-1].id).encoded() if more and images else None)
