"""An update keeps a table that was imported into its stack.

MiniStack expects a table without a `TableName` under the name that it would have given it, and replaces one with
another name. CloudFormation keeps it: nothing about it has changed.

Upstream: MiniStack, `services/cloudformation/provisioners.py`, `_ddb_update`. If neither template has a `TableName`,
`name` is `physical_id`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ministack.services.cloudformation import provisioners

Update = Callable[..., tuple[str, dict[str, Any]]]


def apply() -> None:
    """Replace the update of a table."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::Table"]
    handlers["update"] = partial(update, handlers["update"])


def update(
    original: Update, physical_id: str, old: dict[str, Any], new: dict[str, Any], *args: Any, **kwargs: Any
) -> tuple[str, dict[str, Any]]:
    """Update the table under the name that it has, unless a template gives it one."""
    if "TableName" not in old and "TableName" not in new and old.get("KeySchema") == new.get("KeySchema"):
        own_name = {"TableName": physical_id}
        old, new = {**old, **own_name}, {**new, **own_name}
    return original(physical_id, old, new, *args, **kwargs)
