"""What a stack costs at rest: the resources that are paid by the month, counted from its template."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from imageservice_operator.operations.function_logs import invocations
from imageservice_operator.operations.prices import prices
from imageservice_operator.operations.stack import Stack

HOURS = 730  # of a month
_NAMESPACE = "ImageService"
_RECONCILER_RUNS = HOURS * 4
_VALKEY_LEAST_GB = 0.1
# Lambda asks each queue of an event source mapping for messages, five times at once, for 20 s each, also if none come:
# docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
_POLLS = 5 * HOURS * 3600 / 20
NOT_HERE = "NotOnThisMachine"
"""In a local stack's template, the metadata with the resources that AWS would make and the machine can't."""


def quantities(stack: Stack) -> dict[str, float]:
    """The quantities of a month by the names of their prices; nothing that depends on uploads or reads.

    Custom metrics count in full, although CloudWatch charges one only for the hours in which it is written.
    """
    counted: dict[str, float] = defaultdict(float)
    parameters = _parameters(stack)
    for resource in _resources(stack):
        kind, properties = resource["Type"], resource.get("Properties", {})
        if kind == "AWS::CloudWatch::Alarm":
            counted["alarm_metric_month"] += json.dumps(properties).count('"MetricStat"') or 1
        elif kind == "AWS::CloudWatch::Dashboard":
            counted["dashboard_month"] += 1
            counted["metric_month"] += len(_metrics(properties["DashboardBody"]))
        elif kind == "AWS::KMS::Key":
            counted["kms_key_month"] += 1
        elif kind == "AWS::SecretsManager::Secret":
            counted["secret_month"] += 1
        elif kind == "AWS::Lambda::EventSourceMapping":  # all of this service's are queues
            counted["sqs_request"] += _POLLS
        elif kind == "AWS::ElastiCache::ServerlessCache":
            counted["valkey_gb_hour"] += _VALKEY_LEAST_GB * HOURS
        elif kind == "AWS::ElastiCache::ReplicationGroup":
            counted[parameters["CacheNodeType"]] += _nodes(parameters) * HOURS
    return {**counted, **_reconciler(stack)}


def unpriced(stack_quantities: Mapping[str, float]) -> list[str]:
    """The names that the table has no price for, such as a node type."""
    return sorted(set(stack_quantities) - set(prices()))


def _nodes(parameters: Mapping[str, str]) -> int:
    return int(parameters["CacheShards"]) * (1 + int(parameters["CacheReplicas"]))


def _parameters(stack: Stack) -> dict[str, str]:
    described = stack.client("cloudformation").describe_stacks(StackName=stack.name)["Stacks"][0]
    return {each["ParameterKey"]: each["ParameterValue"] for each in described.get("Parameters", [])}


def _resources(stack: Stack) -> Iterator[dict[str, Any]]:
    """The resources of the template that the stack has."""
    client = stack.client("cloudformation")
    body = client.get_template(StackName=stack.name, TemplateStage="Processed")["TemplateBody"]
    template = json.loads(body) if isinstance(body, str) else body
    pages = client.get_paginator("list_stack_resources").paginate(StackName=stack.name)
    made = {each["LogicalResourceId"] for page in pages for each in page["StackResourceSummaries"]}
    yield from (resource for name, resource in template["Resources"].items() if name in made)
    yield from template.get("Metadata", {}).get(NOT_HERE, {}).values()


def _metrics(body: Any) -> set[str]:
    """The service's own metrics on the dashboard, which shows all of them (tests/contract/test_metrics.py)."""
    text = body["Fn::Sub"] if isinstance(body, dict) else body
    found: set[str] = set()
    for widget in json.loads(re.sub(r"\$\{[^}]*\}", "", text))["widgets"]:
        namespace = ""
        for row in widget["properties"].get("metrics", ()):
            if isinstance(row[0], str) and row[0] not in (".", "..."):
                namespace = row[0]
            if namespace == _NAMESPACE and row[0] != "...":
                found.add(row[1])
    return found


def _reconciler(stack: Stack) -> dict[str, float]:
    """A month of ReconcileFunction, by its runs of the last day; nothing if there was none."""
    now = datetime.now(UTC)
    pattern = '{ ($.message = "reconciled") || ($.type = "platform.*") }'
    runs = [
        each
        for each in invocations(stack, [(now - timedelta(days=1), now)], pattern).values()
        if each.line.get("message") == "reconciled" and each.gb_seconds
    ]
    if not runs:
        return {}
    each = _RECONCILER_RUNS / len(runs)
    return {
        "lambda_request": _RECONCILER_RUNS,
        "lambda_gb_second": sum(run.gb_seconds for run in runs) * each,
        "log_gb": sum(run.log_bytes for run in runs) * each / 1e9,
        # A query of an index is eventually consistent: half a unit for up to 4 KB.
        "dynamodb_read_unit": sum(_queries(run.line) for run in runs) * each / 2,
    }


def _queries(line: Mapping[str, Any]) -> int:
    return int(line.get("requests", {}).get("dynamodb.Query", 0))
