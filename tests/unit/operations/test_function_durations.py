"""The billed time of the reader, read from moto's CloudWatch and Lambda."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto import mock_aws

from imageservice_operator.operations.function_durations import mean_gb_seconds
from imageservice_operator.operations.stack import Stack

NOW = datetime.now(UTC)
DAY = timedelta(hours=24)
MEGABYTES = 2048


@pytest.fixture
def stack() -> Iterator[Stack]:
    with mock_aws():
        yield Stack("shop", "us-east-1", {}, boto3.client)


def function(stack: Stack) -> str:
    """The ARN of a function with that memory."""
    trust = '{"Version": "2012-10-17", "Statement": []}'
    role = stack.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as code:
        code.writestr("a.py", "")
    made = stack.client("lambda").create_function(
        FunctionName="reader",
        Runtime="python3.13",
        Role=role,
        Handler="a.b",
        Code={"ZipFile": package.getvalue()},
        MemorySize=MEGABYTES,
    )
    arn: str = made["FunctionArn"]
    return arn


def took(stack: Stack, *milliseconds: float, hours_ago: float = 1, name: str = "reader") -> None:
    stack.client("cloudwatch").put_metric_data(
        Namespace="AWS/Lambda",
        MetricData=[
            {
                "MetricName": "Duration",
                "Unit": "Milliseconds",
                "Dimensions": [{"Name": "FunctionName", "Value": name}],
                "Timestamp": NOW - timedelta(hours=hours_ago),
                "Value": value,
            }
            for value in milliseconds
        ],
    )


def test_the_mean_of_all_hours_is_rounded_up_to_milliseconds_and_multiplied_by_the_memory(
    stack: Stack,
) -> None:
    took(stack, 4, 6, hours_ago=1)
    took(stack, 11, hours_ago=20)
    found = mean_gb_seconds(stack, function(stack), NOW - DAY, NOW)
    # 7 ms on average, half of one for the rounding, 2 GB.
    assert found == pytest.approx(2 * 7.5 / 1000)


def test_other_functions_and_other_days_do_not_count(stack: Stack) -> None:
    took(stack, 2)
    took(stack, 1000, name="resize")
    took(stack, 1000, hours_ago=30)
    assert mean_gb_seconds(stack, function(stack), NOW - DAY, NOW) == pytest.approx(2 * 2.5 / 1000)


def test_without_durations_the_time_is_unknown(stack: Stack) -> None:
    assert mean_gb_seconds(stack, "arn:aws:lambda:us-east-1:1:function:reader", NOW - DAY, NOW) is None
