"""The last hour and day, read from moto's CloudWatch, which has no percentiles."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto import mock_aws

from imageservice_operator.operations import activity
from imageservice_operator.operations.stack import Stack

ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:ProcessImage"
NOW = datetime.now(UTC).replace(minute=33, second=20, microsecond=0)


@pytest.fixture
def stack() -> Iterator[Stack]:
    with mock_aws():
        yield Stack("shop", "us-east-1", {"ProcessImageArn": ARN}, boto3.client)


def put(stack: Stack, name: str, *values: float, minutes_ago: float = 1, of: str = "shop") -> None:
    own = name.startswith("Execution")
    dimension = ("StateMachineArn", ARN) if own else ("service", of)
    stack.client("cloudwatch").put_metric_data(
        Namespace="AWS/States" if own else "ImageService",
        MetricData=[
            {
                "MetricName": name,
                "Dimensions": [{"Name": dimension[0], "Value": dimension[1]}],
                "Timestamp": NOW - timedelta(minutes=minutes_ago),
                "Value": value,
            }
            for value in values
        ],
    )


def test_a_stack_in_which_nothing_happened_has_zeros_and_no_times(stack: Stack) -> None:
    hour = activity.of(stack, NOW)["hour"]
    assert hour.as_json() == {
        **dict.fromkeys(("started", "ready", "rejected", "failed", "removed", "reads"), 0),
        **dict.fromkeys(("p50_ms", "p90_ms", "cache_hits")),
    }
    assert (len(hour.started), len(hour.moments), hour.took["p50"]) == (12, 12, [None] * 12)


def test_a_count_is_in_the_period_in_which_it_happened(stack: Stack) -> None:
    put(stack, "ImagesReady", 1, 1, minutes_ago=1)
    put(stack, "ImagesReady", 1, minutes_ago=40)
    put(stack, "ImagesReady", 1, minutes_ago=600)
    put(stack, "ImagesReady", 9, of="another stack")
    found = activity.of(stack, NOW)
    assert found["hour"].outcomes["ready"] == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2]
    assert (found["hour"].totals["ready"], found["day"].totals["ready"]) == (3, 4)


def test_what_is_older_than_the_window_is_left_out(stack: Stack) -> None:
    put(stack, "ImagesFailed", 1, minutes_ago=24 * 60)
    put(stack, "ExecutionsStarted", 1, minutes_ago=24 * 60)
    assert sum(activity.of(stack, NOW)["day"].totals.values()) == 0


def test_cache_hits_are_a_share_of_all_reads(stack: Stack) -> None:
    put(stack, "CacheHit", 1, 1)
    put(stack, "CacheShared", 1)
    put(stack, "CacheMiss", 1)
    hour = activity.of(stack, NOW)["hour"]
    assert (hour.redirects, hour.cache_hits) == (4, 0.75)
