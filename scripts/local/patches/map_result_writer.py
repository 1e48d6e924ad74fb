"""A Distributed Map's ResultWriter writes the results: a file of the children's outputs, one a line, and the manifest.

moto takes one in its JSONPath form alone, writes a manifest that names no files, and drops the results.
(`engine/definition.py` hands it that form; what it names is fixed, so it reads the same in both.)
"""

from __future__ import annotations

import json
from typing import Any

from local.patches.patch import Patch


def apply(patch: Patch) -> None:
    """Take it in any state machine; write what WriterConfig COMPACT as JSONL does:
    https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html"""
    from moto.stepfunctions.parser.asl.component.common.query_language import QueryLanguage
    from moto.stepfunctions.parser.asl.component.state.exec.state_map.result_writer.resource_eval.resource_eval_s3 import (  # noqa: E501
        ResourceEvalS3,
    )
    from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor

    def result_writer(self: Any, ctx: Any) -> Any:
        self._query_language_per_scope.append(QueryLanguage())
        try:
            return moto_result_writer(self, ctx)
        finally:
            self._query_language_per_scope.pop()

    def put_object(env: Any, resource_runtime_part: Any, state_credentials: Any) -> None:
        parameters, results = env.stack.pop(), env.stack.pop()
        client = ResourceEvalS3._get_s3_client(resource_runtime_part, state_credentials)
        run = env.map_run_record_pool_manager.get_all().pop()
        folder = "/".join(
            filter(None, (parameters.get("Prefix", "").strip("/"), run.map_run_arn.split(":")[-1]))
        )
        lines = "".join(json.dumps(result, ensure_ascii=False) + "\n" for result in results).encode()
        file = f"{folder}/SUCCEEDED_0.jsonl"
        client.put_object(Bucket=parameters["Bucket"], Key=file, Body=lines)
        manifest = {
            "DestinationBucket": parameters["Bucket"],
            "MapRunArn": run.map_run_arn,
            "ResultFiles": {"FAILED": [], "PENDING": [], "SUCCEEDED": [{"Key": file, "Size": len(lines)}]},
        }
        key = f"{folder}/manifest.json"
        client.put_object(Bucket=parameters["Bucket"], Key=key, Body=json.dumps(manifest, indent=2).encode())
        details = {"Bucket": parameters["Bucket"], "Key": key}
        env.stack.append({"MapRunArn": run.map_run_arn, "ResultWriterDetails": details})

    moto_result_writer = patch.set(Preprocessor, "visitResult_writer_decl", result_writer)
    patch.set(ResourceEvalS3, "_handle_put_object", staticmethod(put_object))
