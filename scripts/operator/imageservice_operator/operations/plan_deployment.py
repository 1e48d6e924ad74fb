"""The rendition plan as parameters of the stack: changed by an update with the stack's own template."""

from __future__ import annotations

import time
from typing import Any

from botocore.exceptions import ClientError

from imageservice_operator.operations.errors import OperationFailed
from imageservice_operator.operations.stack import Stack

PLAN, WIDTHS = "RenditionPlan", "RenditionWidths"
# The template has IAM roles without names, and the transform AWS::Serverless.
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
_LOOK_S = {True: 0.2, False: 5.0}  # by whether the stack is local


def parameters(stack: Stack) -> dict[str, str]:
    """The stack's parameters as they are deployed. Raises OperationFailed for a stack without a rendition plan."""
    return _parameters(_described(stack), stack)


def deploy_plan(stack: Stack, text: str, widths: str) -> None:
    """Sets the plan and the edge's widths, and waits until the update is through; nothing else changes.

    It is the update that `sam deploy` makes with these two parameters alone. CloudFormation runs one update of a stack
    at a time: an update that runs already is waited for. Raises OperationFailed if CloudFormation rolls back.
    """
    described = _settled(stack)
    current = _parameters(described, stack)
    wanted = {PLAN: text, WIDTHS: widths}
    if all(current[name] == value for name, value in wanted.items()):
        return
    cloudformation = stack.client("cloudformation")
    try:
        cloudformation.update_stack(
            StackName=stack.name,
            UsePreviousTemplate=True,
            Parameters=[
                {"ParameterKey": name, "ParameterValue": wanted[name]}
                if name in wanted
                else {"ParameterKey": name, "UsePreviousValue": True}
                for name in current
            ],
            Capabilities=_CAPABILITIES,
        )
    except ClientError as error:
        raise OperationFailed(
            f"CloudFormation refuses the update: {error.response['Error']['Message']}"
        ) from error
    status = _settled(stack)["StackStatus"]
    if status != "UPDATE_COMPLETE":
        raise OperationFailed(
            f"The update ended with {status}: {_reason(stack)} The stack has the plan that it had before."
        )


def _described(stack: Stack) -> dict[str, Any]:
    return dict(stack.client("cloudformation").describe_stacks(StackName=stack.name)["Stacks"][0])


def _parameters(described: dict[str, Any], stack: Stack) -> dict[str, str]:
    found = {each["ParameterKey"]: each["ParameterValue"] for each in described.get("Parameters", ())}
    if not {PLAN, WIDTHS} <= found.keys():
        raise OperationFailed(f"The stack {stack.name} has no parameters {PLAN} and {WIDTHS}.")
    return found


def _settled(stack: Stack) -> dict[str, Any]:
    """The stack, once no update of it runs."""
    while (described := _described(stack))["StackStatus"].endswith("_IN_PROGRESS"):
        time.sleep(_LOOK_S[stack.is_local])
    return described


def _reason(stack: Stack) -> str:
    events = stack.client("cloudformation").describe_stack_events(StackName=stack.name)["StackEvents"]
    failed = [each for each in events if each["ResourceStatus"].endswith("_FAILED")]
    return f"{failed[0].get('ResourceStatusReason', '')}." if failed else ""
