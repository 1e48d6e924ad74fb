"""ImageTable: one item per image (imageservice.core.item has its attributes), and its index by status.

The code uses Python's own types, the table DynamoDB's. Only `from_dynamodb` and `to_dynamodb` convert between them.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from imageservice.core.errors import StoreUnavailable
from imageservice.core.timestamps import to_text

BY_STATUS = "by-status"
"""The index whose key is status and updated_at; it has the attributes that template.yaml projects."""


class ImageTable:
    """The items, read through a DynamoDB client."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def get(self, image_id: str) -> dict[str, Any] | None:
        """The image's item, read consistently; None if there is none.

        Raises StoreUnavailable if DynamoDB throttles, fails or does not answer.
        """
        # Not at the top: a reader that hits the cache never needs botocore.
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer = self._client.get_item(
                TableName=self._name, Key={"id": {"S": image_id}}, ConsistentRead=True
            )
        except (BotoCoreError, ClientError) as error:
            raise StoreUnavailable(f"reading the image's item failed: {error}") from error
        item = answer.get("Item")
        return None if item is None else from_dynamodb(item)

    def change(self, item: Mapping[str, Any], attributes: Mapping[str, Any]) -> dict[str, Any] | None:
        """Sets these attributes of an item that was read as `item`, and gives what readers get its next revision.

        Returns the item; None if it has changed since. Raises StoreUnavailable.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        seen = {name: item.get(name) for name in (*attributes, "status", "revision")}
        names = {f"#{place}": name for place, name in enumerate(seen)}
        unchanged = [
            f"attribute_not_exists({alias})" if seen[name] is None else f"{alias} = :seen{alias[1:]}"
            for alias, name in names.items()
        ]
        setting = [f"{alias} = :new{alias[1:]}" for alias, name in names.items() if name in attributes]
        values: dict[str, Any] = {}
        for alias, name in names.items():
            if seen[name] is not None:
                values[f":seen{alias[1:]}"] = seen[name]
            if name in attributes:
                values[f":new{alias[1:]}"] = attributes[name]
        if seen["revision"] is not None:  # without one, nothing is served yet
            (revision,) = [alias for alias, name in names.items() if name == "revision"]
            setting.append(f"{revision} = {revision} + :one")
            values[":one"] = 1
        try:
            answer = self._client.update_item(
                TableName=self._name,
                Key={"id": {"S": item["id"]}},
                UpdateExpression=f"SET {', '.join(setting)}",
                ConditionExpression=" AND ".join(unchanged),
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=to_dynamodb(values),
                ReturnValues="ALL_NEW",
            )
        except (BotoCoreError, ClientError) as error:
            if _is_refused(error):
                return None
            raise StoreUnavailable(f"changing the image's item failed: {error}") from error
        return from_dynamodb(answer["Attributes"])

    def put_generation(self, item: Mapping[str, Any], after: int) -> bool:
        """Stores the item of imageservice.adapters.cache_generation in place of generation `after` (0: of none).

        Returns False if another process was faster. Raises StoreUnavailable.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self._client.put_item(
                TableName=self._name,
                Item=to_dynamodb(item),
                ConditionExpression="attribute_not_exists(id) OR generation = :after",
                ExpressionAttributeValues=to_dynamodb({":after": after}),
            )
        except (BotoCoreError, ClientError) as error:
            if _is_refused(error):
                return False
            raise StoreUnavailable(f"storing the cache's generation failed: {error}") from error
        return True

    def with_status(
        self, status: str, *, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[dict[str, Any]]:
        """What the index has of the images with this status, oldest change first.

        Changed from `since` to `until`, both included. The index is eventually consistent. Raises what botocore raises.
        """
        query = status_query(self._name, status, since=since, until=until)
        for page in self._client.get_paginator("query").paginate(**query):
            yield from map(from_dynamodb, page["Items"])

    def count_with_status(self, status: str) -> int:
        """How many images have this status: reads all of the index's entries for it, a megabyte per call."""
        query = status_query(self._name, status)
        pages = self._client.get_paginator("query").paginate(**query, Select="COUNT")
        return sum(page["Count"] for page in pages)


def _is_refused(error: Exception) -> bool:
    """Whether DynamoDB refused a write because its condition does not hold."""
    code: object = getattr(error, "response", {}).get("Error", {}).get("Code")
    return code == "ConditionalCheckFailedException"


def status_query(
    table: str, status: str, *, since: datetime | None = None, until: datetime | None = None
) -> dict[str, Any]:
    """The arguments of DynamoDB's Query for the images with this status; oldest change first unless the caller adds
    ScanIndexForward=False. Changed from `since` to `until`, both included."""
    condition, values = "#status = :status", {":status": {"S": status}}
    if since is not None or until is not None:
        # Every time sorts after "0" and before "~".
        condition += " AND updated_at BETWEEN :since AND :until"
        values[":since"] = {"S": to_text(since) if since else "0"}
        values[":until"] = {"S": to_text(until) if until else "~"}
    return {
        "TableName": table,
        "IndexName": BY_STATUS,
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": values,
    }


def from_dynamodb(item: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """An item as Python's own types: whole numbers as int, others as float. {"id": {"S": "a"}} is {"id": "a"}."""
    return {name: _value(typed) for name, typed in item.items()}


def to_dynamodb(item: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The item, or the values of an expression, with DynamoDB's types. {"id": "a"} is {"id": {"S": "a"}}.

    Takes None, bool, int, float, str, sequences and mappings. Raises TypeError for anything else, ValueError for a
    float that is not a finite number.
    """
    return {name: _typed(value) for name, value in item.items()}


def _value(typed: Mapping[str, Any]) -> Any:
    kind, content = next(iter(typed.items()))
    if kind == "M":
        return from_dynamodb(content)
    if kind == "L":
        return [_value(each) for each in content]
    if kind == "N":
        return int(content) if content.lstrip("-").isdigit() else float(content)
    return None if kind == "NULL" else content


def _typed(value: Any) -> dict[str, Any]:
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):  # before int, which a bool is as well
        return {"BOOL": value}
    if isinstance(value, int | float):
        if value - value != 0:
            raise ValueError(f"DynamoDB has no number {value}")
        return {"N": repr(value)}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, Mapping):
        return {"M": to_dynamodb(value)}
    if isinstance(value, list | tuple):
        return {"L": [_typed(each) for each in value]}
    raise TypeError(f"DynamoDB has no type for a {type(value).__name__}")
