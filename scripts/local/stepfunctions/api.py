"""The Step Functions actions that MiniStack lacks or answers poorly, over its own records.

Each takes the request's parameters and gives MiniStack's response triple (status, headers, body).
"""

from __future__ import annotations

import json
from typing import Any

from ministack.services import stepfunctions as records
from moto.stepfunctions.parser.asl.eval.callback.callback import (
    CallbackNotifyConsumerError,
    CallbackOutcome,
    CallbackOutcomeFailure,
    CallbackOutcomeSuccess,
)

from local.stepfunctions import definition, events, executions, maps

Response = tuple[int, dict[str, Any], bytes]


def stop_execution(data: dict[str, Any]) -> Response:
    """StopExecution."""
    record = records._executions.get(data.get("executionArn"))
    if record is None:
        return _no_execution(data)
    if record["status"] == "RUNNING":
        executions.stop(record, data.get("error"), data.get("cause"))
    return records.json_response({"stopDate": record["stopDate"]})


def redrive_execution(data: dict[str, Any]) -> Response:
    """RedriveExecution."""
    record = records._executions.get(data.get("executionArn"))
    if record is None:
        return _no_execution(data)
    if not executions.redrivable(record):
        message = f"Execution is {record['status']} and cannot be redriven"
        return records.error_response_json("ExecutionNotRedrivable", message, 400)
    executions.redrive(record)
    return records.json_response({"redriveDate": record["redriveDate"]})


def describe_execution(data: dict[str, Any], ministack: Any) -> Response:
    """DescribeExecution: MiniStack's answer (`ministack` gives it) with the redrive fields."""
    status, headers, body = ministack(data)
    record = records._executions.get(data.get("executionArn"))
    if record is None or status != 200:
        return status, headers, body
    described = {**json.loads(body), **events.redrive_fields(record)}
    if record["status"] != "SUCCEEDED":
        described.pop("output", None)
        described.pop("outputDetails", None)
    return records.json_response({name: value for name, value in described.items() if value is not None})


def list_executions(data: dict[str, Any], ministack: Any) -> Response:
    """ListExecutions: MiniStack's answer, filtered by `redriveFilter`, with the redrive fields.

    A page may hold fewer executions than asked for, as on AWS.
    """
    status, headers, body = ministack(data)
    if status != 200:
        return status, headers, body
    answer = json.loads(body)
    listed = []
    for item in answer["executions"]:
        record = records._executions.get(item["executionArn"]) or item
        count = record.get("redriveCount", 0)
        if data.get("redriveFilter") in (None, "REDRIVEN" if count else "NOT_REDRIVEN"):
            redriven = {name: record[name] for name in ("redriveCount", "redriveDate") if record.get(name)}
            listed.append({name: value for name, value in {**item, **redriven}.items() if value is not None})
    return records.json_response({**answer, "executions": listed})


def list_map_runs(data: dict[str, Any]) -> Response:
    """ListMapRuns."""
    if data.get("executionArn") not in records._executions:
        return _no_execution(data)
    return records.json_response({"mapRuns": maps.of_execution(data["executionArn"])})


def describe_map_run(data: dict[str, Any]) -> Response:
    """DescribeMapRun."""
    run = maps.described(str(data.get("mapRunArn")))
    if run is None:
        message = f"Map Run Does Not Exist: '{data.get('mapRunArn')}'"
        return records.error_response_json("ResourceNotFound", message, 400)
    return records.json_response(run)


def validate_definition(data: dict[str, Any]) -> Response:
    """ValidateStateMachineDefinition."""
    try:
        definition.check(data.get("definition") or "")
    except definition.InvalidDefinition as error:
        diagnostic = {"severity": "ERROR", "code": "SCHEMA_VALIDATION_FAILED", "message": str(error)[:1000]}
        return records.json_response({"result": "FAIL", "diagnostics": [diagnostic], "truncated": False})
    return records.json_response({"result": "OK", "diagnostics": [], "truncated": False})


def send_task_success(data: dict[str, Any]) -> Response:
    """SendTaskSuccess."""
    return _notify(data, CallbackOutcomeSuccess(data["taskToken"], data.get("output", "{}")))


def send_task_failure(data: dict[str, Any]) -> Response:
    """SendTaskFailure."""
    return _notify(data, CallbackOutcomeFailure(data["taskToken"], data.get("error"), data.get("cause")))


def send_task_heartbeat(data: dict[str, Any]) -> Response:
    """SendTaskHeartbeat."""
    return _notify(data, None)


def _notify(data: dict[str, Any], outcome: CallbackOutcome | None) -> Response:
    token = data["taskToken"]
    for live in list(executions.RUNNING.values()):
        waiting = live.environment.callback_pool_manager
        if waiting.get(token) is None:
            continue
        try:
            waiting.heartbeat(token) if outcome is None else waiting.notify(token, outcome)
        except CallbackNotifyConsumerError:
            break
        return records.json_response({})
    return records.error_response_json("TaskTimedOut", f"Task Timed Out: '{token[:40]}'", 400)


def _no_execution(data: dict[str, Any]) -> Response:
    message = f"Execution Does Not Exist: '{data.get('executionArn')}'"
    return records.error_response_json("ExecutionDoesNotExist", message, 400)
