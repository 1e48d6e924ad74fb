"""Inline and Distributed Maps."""

import json
from pathlib import Path
from typing import Any

import botocore.exceptions
import pytest
from machines import CAUGHT, Machines, single

from imageservice_operator.operations.stack import Stack

DISTRIBUTED = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}


def processor(state: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"StartAt": "X", "States": {"X": state}, **fields}


@pytest.fixture(scope="module")
def bucket(stack: Stack) -> str:
    s3 = stack.client("s3")
    s3.create_bucket(Bucket="map-items")
    for number in range(5):
        s3.put_object(Bucket="map-items", Key=f"p/{number}", Body=b"x" * number)
    return "map-items"


def test_an_inline_map_selects_items_keeps_their_order_and_bounds_concurrency(
    machines: Machines, tmp_path: Path
) -> None:
    state = {
        "Type": "Map",
        "ItemsPath": "$.items",
        "MaxConcurrency": 2,
        "ItemSelector": {
            "v.$": "$$.Map.Item.Value",
            "i.$": "$$.Map.Item.Index",
            "c.$": "$.const",
            "spans": str(tmp_path),
        },
        "ItemProcessor": processor(machines.task(), ProcessorConfig={"Mode": "INLINE"}),
        "End": True,
    }
    ended = machines.run(single(state), {"items": ["a", "b", "c", "d"], "const": 9})
    seen = [(answer["in"]["v"], answer["in"]["i"], answer["in"]["c"]) for answer in ended.output]
    assert seen == [("a", 0, 9), ("b", 1, 9), ("c", 2, 9), ("d", 3, 9)]
    assert max(answer["in"]["at_once"] for answer in ended.output) <= 2


def test_a_failed_item_fails_the_inline_map_with_its_own_error(machines: Machines) -> None:
    state = {
        "Type": "Map",
        "ItemsPath": "$.items",
        "ItemProcessor": processor(machines.task()),
        "Catch": [{"ErrorEquals": ["ThumbError"], "ResultPath": "$.err", "Next": "C"}],
        "End": True,
    }
    ended = machines.run(single(state, C=CAUGHT), {"items": [{}, {"raise": "ThumbError"}]})
    assert ended.output["err"]["Error"] == "ThumbError"


def test_an_item_can_catch_its_own_error(machines: Machines) -> None:
    task = machines.task(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Y"}])
    inner = {"StartAt": "X", "States": {"X": task, "Y": {"Type": "Pass", "Result": "caught", "End": True}}}
    state = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": inner, "End": True}
    ended = machines.run(single(state), {"items": [{}, {"raise": "ThumbError"}]})
    assert (ended.output[0]["ok"], ended.output[1]) == (True, "caught")


def test_jsonata_items_are_selected_by_expression(machines: Machines) -> None:
    state = {
        "Type": "Map",
        "Items": "{% $states.input.l %}",
        "ItemSelector": {"v": "{% $states.context.Map.Item.Value * 2 %}"},
        "ItemProcessor": processor({"Type": "Pass", "End": True}),
        "End": True,
    }
    ended = machines.run(
        {"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": state}}, {"l": [1, 2, 3]}
    )
    assert ended.output == [{"v": 2}, {"v": 4}, {"v": 6}]


def test_a_distributed_map_tolerates_failures_up_to_its_threshold(machines: Machines) -> None:
    state = {
        "Type": "Map",
        "ItemsPath": "$.items",
        "ToleratedFailurePercentage": 60,
        "ItemProcessor": processor(machines.task(), ProcessorConfig=DISTRIBUTED),
        "End": True,
    }
    assert machines.run(single(state), {"items": [{}, {"raise": "ThumbError"}]}).status == "SUCCEEDED"


def test_a_distributed_map_over_its_threshold_fails(machines: Machines) -> None:
    state = {
        "Type": "Map",
        "ItemsPath": "$.items",
        "ItemProcessor": processor(machines.task(), ProcessorConfig=DISTRIBUTED),
        "End": True,
    }
    ended = machines.run(single(state), {"items": [{}, {"raise": "ThumbError"}]})
    assert (ended.status, ended.error) == ("FAILED", "States.ExceedToleratedFailureThreshold")


def test_a_distributed_map_reads_a_bucket_and_is_listed_as_a_map_run(machines: Machines, bucket: str) -> None:
    state = {
        "Type": "Map",
        "MaxConcurrency": 5,
        "Label": "L",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:listObjectsV2",
            "Parameters": {"Bucket": bucket, "Prefix": "p/"},
        },
        "ItemSelector": {"k.$": "$$.Map.Item.Value.Key"},
        "ItemProcessor": processor(machines.task(), ProcessorConfig=DISTRIBUTED),
        "End": True,
    }
    ended = machines.run(single(state))
    assert [answer["in"]["k"] for answer in ended.output] == [f"p/{number}" for number in range(5)]
    (run,) = machines.states.list_map_runs(executionArn=ended.arn)["mapRuns"]
    counts = machines.states.describe_map_run(mapRunArn=run["mapRunArn"])["itemCounts"]
    assert (counts["total"], counts["succeeded"], counts["running"]) == (5, 5, 0)


def test_a_distributed_map_writes_its_results_to_a_bucket(
    machines: Machines, bucket: str, stack: Stack
) -> None:
    state = {
        "Type": "Map",
        "ItemsPath": "$.items",
        "ResultWriter": {
            "Resource": "arn:aws:states:::s3:putObject",
            "Parameters": {"Bucket": bucket, "Prefix": "res"},
        },
        "ItemProcessor": processor({"Type": "Pass", "End": True}, ProcessorConfig=DISTRIBUTED),
        "End": True,
    }
    ended = machines.run(single(state), {"items": [1, 2, 3]})
    details = ended.output["ResultWriterDetails"]
    manifest = json.loads(stack.client("s3").get_object(Bucket=bucket, Key=details["Key"])["Body"].read())
    (file,) = manifest["ResultFiles"]["SUCCEEDED"]
    results = stack.client("s3").get_object(Bucket=bucket, Key=file["Key"])["Body"].read()
    assert (ended.status, results.split()) == ("SUCCEEDED", [b"1", b"2", b"3"])


def test_a_distributed_map_with_an_item_batcher_is_refused_here_unlike_on_aws(machines: Machines) -> None:
    """The only one of the 50 cases that fails (docs/local-stack.md): the interpreter's grammar has no ItemBatcher."""
    state = {
        "Type": "Map",
        "ItemsPath": "$.items",
        "ItemBatcher": {"MaxItemsPerBatch": 2},
        "ItemProcessor": processor({"Type": "Pass", "End": True}, ProcessorConfig=DISTRIBUTED),
        "End": True,
    }
    with pytest.raises(botocore.exceptions.ClientError, match="ItemBatcher"):
        machines.create(single(state))
