"""Quantities of uploads and invocations, counted from histories and logs as AWS writes them."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from imageservice_operator.operations.function_logs import invocations
from imageservice_operator.operations.standing import quantities
from imageservice_operator.operations.usage import of_history

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


class Pages:
    """A paginator whose one page has these members."""

    def __init__(self, page: dict[str, Any]) -> None:
        self.page, self.asked = page, []  # type: dict[str, Any], list[dict[str, Any]]

    def paginate(self, **asked: Any) -> list[dict[str, Any]]:
        self.asked.append(asked)
        return [self.page]


class Client:
    """Answers of AWS by the name of the call."""

    def __init__(self, **answers: Any) -> None:
        self._answers = answers

    def get_paginator(self, name: str) -> Any:
        return self._answers[name]

    def __getattr__(self, name: str) -> Any:
        return lambda **_: self._answers[name]


class Stack:
    name = "production"

    def __init__(self, **clients: Client) -> None:
        self._clients = clients

    def client(self, service: str) -> Any:
        return self._clients[service]


def line(**members: Any) -> dict[str, str]:
    return {"message": json.dumps(members)}


def report(request_id: str, megabytes: int, milliseconds: int) -> dict[str, str]:
    metrics = {"memorySizeMB": megabytes, "billedDurationMs": milliseconds, "durationMs": milliseconds}
    return line(type="platform.report", record={"requestId": request_id, "metrics": metrics})


def test_an_invocation_has_its_billed_time_its_memory_and_all_its_lines() -> None:
    events = [
        line(type="platform.start", record={"requestId": "1"}),
        line(function_request_id="1", execution="arn", requests={"s3.GetObject": 2}),
        report("1", 2048, 500),
        {"message": "not JSON"},
    ]
    stack = Stack(logs=Client(filter_log_events=Pages({"events": events})))
    (found,) = invocations(stack, [(NOON, NOON)]).values()  # type: ignore[arg-type]
    assert (found.gb_seconds, found.execution) == (1.0, "arn")
    assert found.log_bytes == sum(len(event["message"]) + 26 for event in events[:3])


def test_windows_that_overlap_are_read_once() -> None:
    pages = Pages({"events": []})
    windows = [
        (NOON + timedelta(seconds=second), NOON + timedelta(seconds=second + 2)) for second in (3, 0, 1)
    ]
    invocations(Stack(logs=Client(filter_log_events=pages)), [*windows, (NOON + timedelta(hours=1),) * 2])  # type: ignore[arg-type]
    assert len(pages.asked) == 2


def test_a_retry_is_a_state_transition() -> None:
    task = {"type": "TaskScheduled", "taskScheduledEventDetails": {"resource": "invoke", "parameters": "{}"}}
    events = [{"type": "PassStateEntered"}, {"type": "TaskStateEntered"}, task, task, task]
    assert of_history(events)["state_transition"] == 4


def test_a_put_of_events_counts_its_entries_and_an_invalidation_its_paths() -> None:
    calls = {
        "putEvents": {"Entries": [{}, {}]},
        "createInvalidation": {"InvalidationBatch": {"Paths": {"Quantity": 1}}},
    }
    events = [
        {
            "type": "TaskScheduled",
            "taskScheduledEventDetails": {"resource": name, "parameters": json.dumps(parameters)},
        }
        for name, parameters in calls.items()
    ]
    counted = of_history(events)
    assert (counted["event"], counted["invalidation_path"]) == (2, 1)


def test_a_write_takes_the_units_that_dynamodb_reports() -> None:
    details = {"resource": "updateItem", "output": json.dumps({"ConsumedCapacity": {"CapacityUnits": 5.0}})}
    assert (
        of_history([{"type": "TaskSucceeded", "taskSucceededEventDetails": details}])["dynamodb_write_unit"]
        == 5
    )


def test_at_rest_a_stack_costs_its_alarms_metrics_dashboard_keys_polls_and_cache_nodes() -> None:
    body = {
        "widgets": [
            {
                "properties": {
                    "metrics": [["ImageService", "ReadMs", "service", "${X}"], ["..."], [".", "CacheHit"]]
                }
            },
            {"properties": {"metrics": [["AWS/Lambda", "Errors"], [".", "Throttles"]]}},
            {"properties": {"query": "SOURCE"}},
        ]
    }
    resources = {
        "Plain": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"MetricName": "ReadMs"}},
        "Math": {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {"Metrics": [{"MetricStat": {}}, {"MetricStat": {}}, {"Expression": ""}]},
        },
        "Dashboard": {
            "Type": "AWS::CloudWatch::Dashboard",
            "Properties": {"DashboardBody": {"Fn::Sub": json.dumps(body)}},
        },
        "Key": {"Type": "AWS::KMS::Key"},
        "Secret": {"Type": "AWS::SecretsManager::Secret"},
        "Polled": {"Type": "AWS::Lambda::EventSourceMapping"},
        "PolledToo": {"Type": "AWS::Lambda::EventSourceMapping"},
        "Cluster": {"Type": "AWS::ElastiCache::ReplicationGroup"},
        "NotMade": {"Type": "AWS::KMS::Key", "Condition": "Never"},
    }
    made = [{"LogicalResourceId": name} for name in resources if name != "NotMade"]
    parameters = {"CacheNodeType": "cache.t4g.small", "CacheShards": "2", "CacheReplicas": "1"}
    stack = Stack(
        cloudformation=Client(
            get_template={"TemplateBody": {"Resources": resources}},
            list_stack_resources=Pages({"StackResourceSummaries": made}),
            describe_stacks={
                "Stacks": [
                    {"Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()]}
                ]
            },
        ),
        logs=Client(filter_log_events=Pages({"events": []})),
    )
    assert quantities(stack) == {  # type: ignore[arg-type]
        "alarm_metric_month": 3,
        "dashboard_month": 1,
        "metric_month": 2,
        "kms_key_month": 1,
        "secret_month": 1,
        "sqs_request": 2 * 5 * 131_400,  # of two queues, five polls at once, of which a month has so many
        "cache.t4g.small": 4 * 730,
    }
