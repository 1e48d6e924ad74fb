"""The billed time of a function whose invocations Lambda does not log: from CloudWatch's metric of their durations."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from imageservice_operator.operations.stack import Stack

_PERIOD = timedelta(hours=1)
_ROUNDED_UP_MS = 0.5
"""Lambda bills whole milliseconds, each invocation rounded up: half of one more, on average."""


def mean_gb_seconds(stack: Stack, function_arn: str, begin: datetime, end: datetime) -> float | None:
    """The mean billed GB-seconds of the function's invocations in that time, all its versions together.

    None if CloudWatch has none yet: it shows a metric after some minutes. The metric, AWS/Lambda's Duration, is in
    milliseconds. It leaves out the initialization of a cold start, which is billed too. Source:
    docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    """
    stats = ("Sum", "SampleCount")
    queries = [
        {"Id": stat.lower(), "MetricStat": _durations(function_arn, stat), "ReturnData": True}
        for stat in stats
    ]
    totals = dict.fromkeys((each["Id"] for each in queries), 0.0)
    pages = stack.client("cloudwatch").get_paginator("get_metric_data")
    for page in pages.paginate(MetricDataQueries=queries, StartTime=begin, EndTime=end):
        for result in page["MetricDataResults"]:
            totals[result["Id"]] += sum(result["Values"])
    if not totals["samplecount"]:
        return None
    function = stack.client("lambda").get_function_configuration(FunctionName=function_arn)
    milliseconds = totals["sum"] / totals["samplecount"] + _ROUNDED_UP_MS
    return float(function["MemorySize"] / 1024 * milliseconds / 1000)


def _durations(function_arn: str, stat: str) -> dict[str, Any]:
    metric = {
        "Namespace": "AWS/Lambda",
        "MetricName": "Duration",
        "Dimensions": [{"Name": "FunctionName", "Value": function_arn.rpartition(":")[2]}],
    }
    return {"Metric": metric, "Period": int(_PERIOD.total_seconds()), "Stat": stat}
