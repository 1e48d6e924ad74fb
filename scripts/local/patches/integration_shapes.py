"""Parameters and results of service tasks take the form of the service's API, and of JSON.

Step Functions starts every field with a capital, and writes times as text; an API may write `stateMachineArn`,
and boto3 returns times as objects. moto leaves out the translation, so that `states:startExecution` fails, and
an object's date breaks the next expression.

Upstream: moto, `moto/stepfunctions/parser/asl/component/state/exec/state_task/service/state_task_service.py`.
`_normalise_parameters` and `_normalise_response` of `StateTaskService` would load the shapes from botocore's models,
which `_to_boto_request` and `_from_boto_response` already know how to follow, and write times as ISO 8601.
"""

from __future__ import annotations

import datetime
from functools import cache
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.model import OperationModel
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import (
    StateTaskService,
)

from local.patches.patch import replace


def apply() -> None:
    """Translate by botocore's models of the services, with moto's own rules for names."""
    replace(StateTaskService, "_normalise_parameters", normalize_parameters)
    replace(StateTaskService, "_normalise_response", normalize_response)


def normalize_parameters(
    self: Any, parameters: Any, boto_service_name: Any = None, service_action_name: Any = None
) -> None:
    """Give the fields of a request the names that boto3 expects."""
    operation = _operation_of(self, boto_service_name, service_action_name)
    if operation is not None and operation.input_shape is not None:
        self._to_boto_request(parameters, operation.input_shape)


def normalize_response(
    self: Any, response: Any, boto_service_name: Any = None, service_action_name: Any = None
) -> None:
    """Give the fields of a response the names that Step Functions writes, and times as text."""
    operation = _operation_of(self, boto_service_name, service_action_name)
    if operation is not None and operation.output_shape is not None:
        self._from_boto_response(response, operation.output_shape)
    _times_as_text(response)


def _operation_of(task: Any, service: Any, action: Any) -> OperationModel | None:
    return _operation(task._get_boto_service_name(service), task._get_boto_service_action(action))


@cache
def _service(name: str) -> Any:
    return botocore.session.get_session().get_service_model(name)


@cache
def _operation(service: str, action: str) -> OperationModel | None:
    """The model of an operation that has the name of a boto3 client's method; None if there is none."""
    try:
        model = _service(service)
    except botocore.exceptions.UnknownServiceError:
        return None
    for name in model.operation_names:
        if xform_name(name) == action:
            operation: OperationModel = model.operation_model(name)
            return operation
    return None


def _times_as_text(value: Any) -> None:
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, item in list(entries):
        if isinstance(item, datetime.datetime):
            value[key] = (
                item.astimezone(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            )
        else:
            _times_as_text(item)
