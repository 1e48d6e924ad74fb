"""The Step Functions actions that MiniStack lacks or answers poorly, over its own records.

Each takes the request's parameters and gives MiniStack's response triple (status, headers, body).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions as records
from moto.stepfunctions.parser.asl.eval.callback.callback import (
    CallbackNotifyConsumerError,
    CallbackOutcome,
    CallbackOutcomeFailure,
    CallbackOutcomeSuccess,
)

from local.stepfunctions import definition, events, tokens
from local.stepfunctions.executions import Executions, finish

Response = tuple[int, dict[str, Any], bytes]
Parameters = dict[str, Any]
Action = Callable[[Parameters], Response]


class Api:
    """The actions on the executions of this stack."""

    def __init__(self, executions: Executions) -> None:
        self._executions = executions

    def stop_execution(self, data: Parameters) -> Response:
        """StopExecution."""
        record = records._executions.get(data.get("executionArn"))
        if record is None:
            return _no_execution(data)
        if record["status"] == "RUNNING":
            error, cause = data.get("error"), data.get("cause")
            execution = self._executions.find(record["executionArn"])
            if execution is None:  # its thread has not come to run it
                finish(record, "ABORTED", error=error, cause=cause)
            else:
                execution.stop(error, cause)
        return _answer({"stopDate": record["stopDate"]})

    def redrive_execution(self, data: Parameters) -> Response:
        """RedriveExecution."""
        record = records._executions.get(data.get("executionArn"))
        if record is None:
            return _no_execution(data)
        execution = self._executions.find(record["executionArn"])
        if execution is None or not execution.redrivable:
            message = f"Execution is {record['status']} and cannot be redriven"
            return _error("ExecutionNotRedrivable", message)
        execution.redrive()
        return _answer({"redriveDate": record["redriveDate"]})

    def list_map_runs(self, data: Parameters) -> Response:
        """ListMapRuns."""
        if data.get("executionArn") not in records._executions:
            return _no_execution(data)
        execution = self._executions.find(data["executionArn"])
        runs = execution.map_runs.get_all() if execution else []
        return _answer({"mapRuns": [dict(run.list_item()) for run in runs]})

    def describe_map_run(self, data: Parameters) -> Response:
        """DescribeMapRun."""
        run = self._executions.map_run(str(data.get("mapRunArn")))
        if run is None:
            return _error("ResourceNotFound", f"Map Run Does Not Exist: '{data.get('mapRunArn')}'")
        return _answer(run)

    def send_task_success(self, data: Parameters) -> Response:
        """SendTaskSuccess."""
        return self._notify(data, CallbackOutcomeSuccess(data["taskToken"], data.get("output", "{}")))

    def send_task_failure(self, data: Parameters) -> Response:
        """SendTaskFailure."""
        outcome = CallbackOutcomeFailure(data["taskToken"], data.get("error"), data.get("cause"))
        return self._notify(data, outcome)

    def send_task_heartbeat(self, data: Parameters) -> Response:
        """SendTaskHeartbeat."""
        return self._notify(data, None)

    def _notify(self, data: Parameters, outcome: CallbackOutcome | None) -> Response:
        token = data["taskToken"]
        for waiting in self._executions.waiting_tasks():
            endpoint = waiting.get(token)
            if endpoint is None:
                continue
            if tokens.is_over(endpoint):
                break
            try:
                waiting.heartbeat(token) if outcome is None else waiting.notify(token, outcome)
            except CallbackNotifyConsumerError:
                break
            return _answer({})
        return _error("TaskTimedOut", f"Task Timed Out: '{token[:40]}'")


def describe_execution(ministack: Action, data: Parameters) -> Response:
    """DescribeExecution: MiniStack's answer with the redrive fields."""
    status, headers, body = ministack(data)
    record = records._executions.get(data.get("executionArn"))
    if record is None or status != 200:
        return status, headers, body
    described = {**json.loads(body), **events.redrive_fields(record)}
    if record["status"] != "SUCCEEDED":
        described.pop("output", None)
        described.pop("outputDetails", None)
    return _answer({name: value for name, value in described.items() if value is not None})


def describe_state_machine_for_execution(ministack: Action, data: Parameters) -> Response:
    """DescribeStateMachineForExecution: MiniStack's answer with the definition that the execution runs."""
    status, headers, body = ministack(data)
    record = records._executions.get(data.get("executionArn"))
    if record is None or status != 200 or "definition" not in record:
        return status, headers, body
    return _answer({**json.loads(body), "definition": record["definition"]})


def list_executions(ministack: Action, data: Parameters) -> Response:
    """ListExecutions: MiniStack's answer, filtered by `redriveFilter`, with the redrive fields.

    A page may hold fewer executions than requested, as on AWS.
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
    return _answer({**answer, "executions": listed})


def validate_definition(data: Parameters) -> Response:
    """ValidateStateMachineDefinition."""
    try:
        definition.check(data.get("definition") or "")
    except definition.InvalidDefinition as error:
        diagnostic = {"severity": "ERROR", "code": "SCHEMA_VALIDATION_FAILED", "message": str(error)[:1000]}
        return _answer({"result": "FAIL", "diagnostics": [diagnostic], "truncated": False})
    return _answer({"result": "OK", "diagnostics": [], "truncated": False})


def _no_execution(data: Parameters) -> Response:
    return _error("ExecutionDoesNotExist", f"Execution Does Not Exist: '{data.get('executionArn')}'")


def _answer(body: dict[str, Any]) -> Response:
    response: Response = records.json_response(body)
    return response


def _error(code: str, message: str) -> Response:
    response: Response = records.error_response_json(code, message, 400)
    return response
