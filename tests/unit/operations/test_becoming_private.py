"""Each image that becomes private purges the edge by itself: `plan diff` and `reprocess --dry-run` count the same."""

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import moto_stack
import pytest

from imageservice.adapters.plan_loader import load_plan
from imageservice_operator.operations import becoming_private, reprocess
from imageservice_operator.operations.stack import Stack

PLAN = json.dumps(
    {
        "default": {"formats": ["fallback"], "sizes": [{"name": "w", "width": 9}]},
        "rules": [{"prefix": "in/", "access": "private"}],
    }
)
ITEMS = {
    "in/public.jpg": "0123456789abcdef",
    "in/private.jpg": "p123456789abcdef",
    "in/new.jpg": None,
    "out/public.jpg": "0123456789abcdef",
}


class Functions:
    """A stack's functions, with this plan; SelectOriginals would make each original again."""

    def get_function_configuration(self, **_: str) -> dict[str, Any]:
        return {"Environment": {"Variables": {"RENDITION_PLAN": PLAN}}}

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 - boto3's names
        assert FunctionName == "select"
        asked = json.loads(Payload)["originals"]
        answer = {"originals": [{"key": each["key"], "decision": "PROCESS"} for each in asked]}
        return {"Payload": BytesIO(json.dumps(answer).encode())}


@pytest.fixture
def stack() -> Iterator[Stack]:
    with moto_stack.world() as world:
        for key, digest in ITEMS.items():
            world.stack.client("s3").put_object(Bucket="originals", Key=key, Body=b"x")
            rendition = {"size": "w", "width": 9, "height": 9, "format": "jpeg", "bytes": 1}
            served = {"digest": digest, "renditions": [{**rendition, "key": f"{key}/{digest}/w.jpg"}]}
            world.item(key, "READY", **(served if digest else {}))

        def client(service: str, /, **_: Any) -> Any:
            return Functions() if service == "lambda" else world.stack.client(service)

        outputs = {"DistributionId": "E1", "SelectOriginalsFunctionArn": "select"}
        yield Stack("shop", "us-east-1", {**world.stack.outputs, **outputs}, client)


def test_only_an_image_that_serves_public_renditions_and_becomes_private_is_purged(stack: Stack) -> None:
    plan = load_plan(PLAN)
    assert [each.id for each in becoming_private.exposed(stack, ITEMS, plan)] == ["in/public.jpg"]
    assert becoming_private.purges(stack, ITEMS, plan) == 1
    assert becoming_private.purges(stack, ITEMS, load_plan()) == 0


def test_a_dry_run_of_a_reprocessing_counts_the_purges_and_their_price(stack: Stack) -> None:
    estimate = reprocess.estimate(stack, reprocess.Selection())
    outputs = {name: value for name, value in stack.outputs.items() if name != "DistributionId"}
    without_cdn = Stack("shop", "us-east-1", outputs, stack.make_client)
    cheaper = reprocess.estimate(without_cdn, reprocess.Selection())
    assert (estimate.to_make, estimate.purges, cheaper.purges) == (4, 1, 0)
    assert estimate.dollars - cheaper.dollars == pytest.approx(0.005)
