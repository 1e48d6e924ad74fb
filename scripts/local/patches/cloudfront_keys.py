"""CloudFormation makes public keys and key groups of CloudFront, for signed URLs.

MiniStack's CloudFront has them, but its CloudFormation knows neither type. A key is never changed, as on AWS: an update
with another one fails.

Upstream: MiniStack, `services/cloudformation/provisioners.py`: these handlers in `_RESOURCE_HANDLERS`.
"""

from __future__ import annotations

from typing import Any

from ministack.services import cloudfront
from ministack.services.cloudformation import provisioners

Made = tuple[str, dict[str, Any]]


def apply() -> None:
    """Add the two types."""
    provisioners._RESOURCE_HANDLERS["AWS::CloudFront::PublicKey"] = {
        "create": create_key,
        "update": update_key,
        "delete": delete_key,
    }
    provisioners._RESOURCE_HANDLERS["AWS::CloudFront::KeyGroup"] = {
        "create": create_group,
        "update": update_group,
        "delete": delete_group,
    }


def create_key(_: str, properties: dict[str, Any], __: str) -> Made:
    key_id = cloudfront._pk_id()
    cloudfront._public_keys[key_id] = {
        "Id": key_id,
        "ETag": cloudfront.new_uuid(),
        "CreatedTime": cloudfront._now_iso(),
        "Config": properties["PublicKeyConfig"],
    }
    return key_id, {"Id": key_id}


def update_key(key_id: str, old: dict[str, Any], new: dict[str, Any], *_: Any) -> Made:
    if old["PublicKeyConfig"]["EncodedKey"] != new["PublicKeyConfig"]["EncodedKey"]:
        raise ValueError("CloudFront never changes a public key")
    return key_id, {"Id": key_id}


def delete_key(key_id: str, _: dict[str, Any]) -> None:
    cloudfront._public_keys.pop(key_id, None)


def create_group(_: str, properties: dict[str, Any], __: str) -> Made:
    return _store_group(cloudfront._kg_id(), properties)


def update_group(group_id: str, _: dict[str, Any], new: dict[str, Any], *__: Any) -> Made:
    return _store_group(group_id, new)


def delete_group(group_id: str, _: dict[str, Any]) -> None:
    cloudfront._key_groups.pop(group_id, None)


def _store_group(group_id: str, properties: dict[str, Any]) -> Made:
    cloudfront._key_groups[group_id] = {
        "Id": group_id,
        "ETag": cloudfront.new_uuid(),
        "LastModifiedTime": cloudfront._now_iso(),
        "Config": properties["KeyGroupConfig"],
    }
    return group_id, {"Id": group_id}
