"""ImageTable: one item an image (design section 7)."""

from collections.abc import Mapping
from typing import Any

from imageservice.core.errors import StoreUnavailable


class ImageTable:
    """The items, read and written through a DynamoDB client."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def get(self, image_id: str) -> dict[str, Any] | None:
        """The image's item, read consistently; None where there is none.

        Raises StoreUnavailable where DynamoDB throttles, fails or does not answer.
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
        return None if item is None else {name: plain(value) for name, value in item.items()}


def plain(value: Mapping[str, Any]) -> Any:
    """A typed DynamoDB value as Python's own: whole numbers as int, others as float."""
    kind, content = next(iter(value.items()))
    if kind == "M":
        return {name: plain(inner) for name, inner in content.items()}
    if kind == "L":
        return [plain(inner) for inner in content]
    if kind == "N":
        return int(content) if content.lstrip("-").isdigit() else float(content)
    return None if kind == "NULL" else content
