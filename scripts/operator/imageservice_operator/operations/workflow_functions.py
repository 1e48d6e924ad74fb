"""The functions that ProcessImage calls, called by an operator: in the versions that the workflow uses."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from imageservice.adapters.image_table import to_dynamodb
from imageservice_operator.operations.errors import OperationFailed
from imageservice_operator.operations.images import Image
from imageservice_operator.operations.stack import Stack


def function_of(stack: Stack, state: str) -> str:
    """The function that a state of ProcessImage calls."""
    machine = stack.client("stepfunctions").describe_state_machine(
        stateMachineArn=stack.machine_arn("ProcessImage")
    )
    return str(json.loads(machine["definition"])["States"][state]["Arguments"]["FunctionName"])


def retire_digests(stack: Stack, image: Image, digests: Sequence[str], by: str) -> None:
    """Lets the image's renditions of these digests expire a day later, unless they are served or being made by now.

    Those that show a private image to everybody are deleted, and purged from the edge. `by` stands for an execution in
    the function's log. Raises OperationFailed.
    """
    request = {
        "execution": by,
        "upload": to_dynamodb({"upload": image.upload})["upload"],
        "digests": list(digests),
        "left_over": False,
    }
    invoke(stack, function_of(stack, "Retire replaced renditions"), request)


def invoke(stack: Stack, function: str, request: Mapping[str, Any]) -> Any:
    """The function's answer, or why it rejects the image. Raises OperationFailed for any other error."""
    answer = stack.client("lambda").invoke(FunctionName=function, Payload=json.dumps(request).encode())
    result = json.loads(answer["Payload"].read())
    if "FunctionError" not in answer:
        return result
    message = str(result.get("errorMessage", result))
    if result.get("errorType") == "ImageRejected":
        return message
    raise OperationFailed(f"{function.rpartition('function:')[2]} failed: {message}")
