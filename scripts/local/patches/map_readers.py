"""A Distributed Map reads all of a bucket's listing.

moto asks for the first page only, 1,000 objects, and fails on a listing without any.
"""

from __future__ import annotations

from typing import Any

from local.patches.patch import Patch


def apply(patch: Patch) -> None:
    """Follow the continuation tokens."""
    from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_reader.eval.resource_eval_s3 import (
        ResourceEvalS3,
    )

    def list_objects(env: Any, resource_runtime_part: Any, state_credentials: Any) -> None:
        client = ResourceEvalS3._get_s3_client(resource_runtime_part, state_credentials)
        pages = client.get_paginator("list_objects_v2").paginate(**env.stack.pop())
        env.stack.append([_as_json(item) for page in pages for item in page.get("Contents", [])])

    patch.set(ResourceEvalS3, "_handle_list_objects_v2", staticmethod(list_objects))


def _as_json(item: dict[str, Any]) -> dict[str, Any]:
    """The fields of an item as AWS passes them: times are seconds since 1970."""
    kept = {
        name: value for name, value in item.items() if name in ("Etag", "ETag", "Key", "Size", "StorageClass")
    }
    kept["LastModified"] = int(item["LastModified"].timestamp())
    kept["Etag"] = kept.pop("ETag", kept.get("Etag"))
    return kept
