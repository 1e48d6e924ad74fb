"""A Distributed Map reads all of a bucket's listing.

moto asks for the first page only, 1,000 objects, and fails on an empty listing.

Upstream: moto,
`moto/stepfunctions/parser/asl/component/state/exec/state_map/item_reader/eval/resource_eval_s3.py`.
`ResourceEvalS3._handle_list_objects_v2` would use boto3's paginator and treat a page without Contents as empty.
"""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_reader.eval.resource_eval_s3 import (
    ResourceEvalS3,
)

from local.patches.patch import replace

FIELDS = ("Etag", "ETag", "Key", "Size", "StorageClass")


def apply() -> None:
    """Follow the continuation tokens."""
    replace(ResourceEvalS3, "_handle_list_objects_v2", staticmethod(list_objects))


def list_objects(env: Any, resource_runtime_part: Any, state_credentials: Any) -> None:
    """Put the items of the listing whose parameters are on the stack onto the stack."""
    client = ResourceEvalS3._get_s3_client(resource_runtime_part, state_credentials)
    pages = client.get_paginator("list_objects_v2").paginate(**env.stack.pop())
    env.stack.append([_as_json(item) for page in pages for item in page.get("Contents", [])])


def _as_json(item: dict[str, Any]) -> dict[str, Any]:
    """The fields of an item as AWS passes them: times are seconds since 1970."""
    fields = {name: value for name, value in item.items() if name in FIELDS}
    fields["LastModified"] = int(item["LastModified"].timestamp())
    fields["Etag"] = fields.pop("ETag", fields.get("Etag"))
    return fields
