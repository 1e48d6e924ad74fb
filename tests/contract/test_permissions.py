"""Each role permits the calls that its code or workflow makes, on its own resources, and nothing else."""

from collections.abc import Iterator
from typing import Any

import pytest

from dev.checks.machine_calls import FOR_LOGS, FOR_TRACES
from dev.checks.machines import Machine, machines
from dev.checks.template import functions, resources, sample, state_machines

# Actions for which AWS knows no resource: for Step Functions' logs, for traces, and for connecting a function to its
# subnets (docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html).
WITHOUT_RESOURCE = (
    FOR_LOGS
    | FOR_TRACES
    | {
        "ec2:CreateNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:DeleteNetworkInterface",
        "ec2:AssignPrivateIpAddresses",
        "ec2:UnassignPrivateIpAddresses",
    }
)

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
    """Of a function: its role's, and those of the policies that are attached to it."""
    if name in state_machines():
        return list(statements(state_machines()[name]["Policies"]))
    role = f"{name}Role"
    attached = [
        policy["Properties"]
        for policy in resources("AWS::IAM::Policy").values()
        if {"Ref": role} in policy["Properties"]["Roles"]
    ]
    return list(statements([resources("AWS::IAM::Role")[role]["Properties"]["Policies"], attached]))


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def actions_of(name: str) -> set[str]:
    return {action for statement in statements_of(name) for action in listed(statement["Action"])}


def test_policies_are_written_out_as_statements() -> None:
    # A managed policy or a SAM policy template grants what this file can't see.
    assert [name for name, function in functions().items() if "Policies" in function] == []
    for machine in state_machines().values():
        assert all(list(statements(policy)) for policy in machine["Policies"])


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
def test_machine_may_invoke_the_functions_it_names_and_no_other(machine: Machine) -> None:
    versions = {sample(value) for value in machine.substitutions.values() if ":function:" in sample(value)}
    called = {version.rpartition(":")[0] for version in versions}
    if machine.name == "ProcessImage":  # executions of earlier releases go on, and those call it themselves
        called.add(sample({"Fn::GetAtt": ["ResizeFunction", "Arn"]}))
    named = called | {f"{function}:*" for function in called}
    allowed = {
        sample(resource)
        for statement in statements_of(machine.name)
        if "lambda:InvokeFunction" in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }
    assert allowed == named
