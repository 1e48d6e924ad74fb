"""A Distributed Map's ResultWriter writes the results: a file with one child's output per line, and the manifest.

moto accepts it only in its JSONPath form, writes a manifest without files, and drops the results. (The parser gets it
in that form from `stepfunctions/definition.py`; its parameters are constants, which read the same in both.)

Upstream: moto. In `moto/stepfunctions/parser/asl/parse/preprocessor.py`, `visitResult_writer_decl` would accept
JSONata's `Arguments` and `WriterConfig`. `_handle_put_object` in
`…/asl/component/state/exec/state_map/result_writer/resource_eval/resource_eval_s3.py` would write the results, too.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.stepfunctions.parser.asl.component.common.query_language import QueryLanguage
from moto.stepfunctions.parser.asl.component.state.exec.state_map.result_writer.resource_eval.resource_eval_s3 import (
    ResourceEvalS3,
)
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor

from local.patches.patch import replace, wrap


def apply() -> None:
    """Accept it in any state machine; write the results."""
    wrap(Preprocessor, "visitResult_writer_decl", result_writer)
    replace(ResourceEvalS3, "_handle_put_object", staticmethod(put_object))


def result_writer(original: Callable[..., Any], self: Preprocessor, ctx: Any) -> Any:
    """Parse a ResultWriter as if the state machine's query language were JSONPath."""
    self._query_language_per_scope.append(QueryLanguage())
    try:
        return original(self, ctx)
    finally:
        self._query_language_per_scope.pop()


def put_object(env: Any, resource_runtime_part: Any, state_credentials: Any) -> None:
    """Write what WriterConfig COMPACT as JSONL does, and put its description onto the stack.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
    """
    parameters, results = env.stack.pop(), env.stack.pop()
    client = ResourceEvalS3._get_s3_client(resource_runtime_part, state_credentials)
    bucket = parameters["Bucket"]
    run = max(env.map_run_record_pool_manager.get_all(), key=lambda each: each.start_date)
    folder = "/".join(filter(None, (parameters.get("Prefix", "").strip("/"), run.map_run_arn.split(":")[-1])))
    lines = "".join(json.dumps(result, ensure_ascii=False) + "\n" for result in results).encode()
    file, manifest_key = f"{folder}/SUCCEEDED_0.jsonl", f"{folder}/manifest.json"
    manifest = {
        "DestinationBucket": bucket,
        "MapRunArn": run.map_run_arn,
        "ResultFiles": {"FAILED": [], "PENDING": [], "SUCCEEDED": [{"Key": file, "Size": len(lines)}]},
    }
    client.put_object(Bucket=bucket, Key=file, Body=lines)
    client.put_object(Bucket=bucket, Key=manifest_key, Body=json.dumps(manifest, indent=2).encode())
    details = {"Bucket": bucket, "Key": manifest_key}
    env.stack.append({"MapRunArn": run.map_run_arn, "ResultWriterDetails": details})
