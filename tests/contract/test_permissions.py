"""Each role permits the calls that its code or workflow makes, on its own resources, and nothing else."""

from collections.abc import Iterator
from typing import Any

import pytest

from dev.checks.machines import Machine, all_states, machines
from dev.checks.template import functions, sample, state_machines

# Actions for which AWS knows no resource, each with the page that says so.
WITHOUT_RESOURCE = {
    # docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
}
# What Step Functions itself calls for a state:
# docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html and iam-policies-eg-dm.html
FOR_SYNC = {
    "states:DescribeExecution",
    "states:StopExecution",
    "events:PutTargets",
    "events:PutRule",
    "events:DescribeRule",
}
FOR_RESULT_WRITER = {"s3:PutObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"}
FOR_DISTRIBUTED_MAP = {"states:StartExecution", "states:RedriveExecution"}
NAMED_OTHERWISE = {
    "lambda:Invoke": "lambda:InvokeFunction",
    "s3:ListObjectsV2": "s3:ListBucket",
}

each_machine = pytest.mark.parametrize("machine", machines(), ids=lambda machine: machine.name)
each_role = pytest.mark.parametrize("name", sorted({**functions(), **state_machines()}))


def statements(value: Any) -> Iterator[dict[str, Any]]:
    """Every statement in a role's policies, including conditional ones."""
    if isinstance(value, dict) and "Effect" in value:
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from statements(part)


def statements_of(name: str) -> list[dict[str, Any]]:
    return list(statements({**functions(), **state_machines()}[name].get("Policies", [])))


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def actions_of(name: str) -> set[str]:
    return {action for statement in statements_of(name) for action in listed(statement["Action"])}


def called_by(machine: Machine) -> set[str]:
    """The actions that a machine's states need."""
    needed: set[str] = set()
    for state in all_states():
        if not state.path.startswith(f"{machine.name} / "):
            continue
        for resource in (state.body.get("Resource"), state.body.get("ItemReader", {}).get("Resource")):
            if resource:
                service, call = (
                    resource.split(":::")[1].removeprefix("aws-sdk:").removesuffix(".sync:2").split(":")
                )
                service = {"sfn": "states"}.get(service, service)
                action = f"{service}:{call[0].upper()}{call[1:]}"
                needed.add(NAMED_OTHERWISE.get(action, action))
                needed |= FOR_SYNC if ".sync" in resource else set()
        if state.body.get("ItemProcessor", {}).get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED":
            needed |= FOR_DISTRIBUTED_MAP
        if "ResultWriter" in state.body:
            needed |= FOR_RESULT_WRITER
    return needed


@each_role
def test_policies_are_written_out_as_statements(name: str) -> None:
    # A managed policy or a SAM policy template grants what this file can't see.
    for policy in functions().get(name, {}).get("Policies", []):
        assert list(statements(policy))


@each_role
def test_actions_are_named(name: str) -> None:
    assert [action for action in actions_of(name) if "*" in action] == []


@each_role
def test_resources_are_named_where_aws_knows_any(name: str) -> None:
    for statement in statements_of(name):
        if set(listed(statement["Action"])) <= WITHOUT_RESOURCE:
            continue
        for resource in listed(statement["Resource"]):
            parts = sample(resource).split(":", 5)
            assert len(parts) == 6, resource
            assert not parts[5].startswith("*"), resource
            assert "*" not in "".join(parts[:5]), resource


@each_role
def test_statements_only_allow(name: str) -> None:
    assert {statement["Effect"] for statement in statements_of(name)} <= {"Allow"}
    assert not [
        statement
        for statement in statements_of(name)
        if "NotAction" in statement or "NotResource" in statement
    ]


@each_machine
def test_machine_may_do_what_its_states_call_and_nothing_else(machine: Machine) -> None:
    assert actions_of(machine.name) - WITHOUT_RESOURCE == called_by(machine)


@each_machine
def test_machine_may_invoke_the_functions_it_names_and_no_other(machine: Machine) -> None:
    named = {sample(value) for value in machine.substitutions.values() if ":function:" in sample(value)}
    allowed = {
        sample(resource)
        for statement in statements_of(machine.name)
        if "lambda:InvokeFunction" in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }
    assert allowed == named
