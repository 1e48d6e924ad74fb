"""After the SAM transform, each role grants the calls that its code or its workflow can make, and no other."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from dev.checks.aws_calls import FUNCTIONS, SERVICES, calls_of, operations
from dev.checks.machine_calls import FOR_LOGS, FOR_TRACES, called_by
from dev.checks.machines import Machine, machines
from dev.checks.rendered import rendered
from dev.checks.template import functions, state_machines
from local.deployment.conditions import Conditions

# What IAM demands for a call, where that is not the action of the same name. Without `s3:ListBucket`, S3 answers
# "access denied" for a key that is not there. Sources: the actions tables in the Service Authorization Reference, and
# docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
DEMANDED = {
    # The workflow reads the version that was uploaded.
    "s3:GetObject": {"s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:ListBucketVersions"},
    "s3:HeadObject": {"s3:GetObject", "s3:ListBucket"},
    "s3:CopyObject": {"s3:GetObject", "s3:PutObject", "s3:PutObjectTagging", "s3:ListBucket"},
    "s3:ListObjectsV2": {"s3:ListBucket"},
    "s3:ListObjectVersions": {"s3:ListBucketVersions"},
    "s3:DeleteObjects": {"s3:DeleteObject"},
    "lambda:Invoke": {"lambda:InvokeFunction"},
}
# What copying a version demands on top of that. Source: docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
COPIES_A_VERSION = "UpdateMetadataFunction"
FOR_A_VERSION = {"s3:GetObjectVersion", "s3:GetObjectVersionTagging"}
# docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
JOIN_VPC = {
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
}
# As in AWS's own AWSCodeDeployRoleForLambdaLimited.
WITHOUT_RESOURCE = FOR_LOGS | FOR_TRACES | JOIN_VPC | {"cloudwatch:DescribeAlarms"}
PARAMETERS: list[dict[str, str]] = [
    {},
    {"Cdn": "disabled"},
    {"Cache": "serverless"},
    {"Cache": "cluster", "Cdn": "disabled"},
    {"DirectReads": "refused"},
    {"Tracing": "enabled"},
    {"CdnUrl": "https://images.example.com"},
    {"Cache": "external"},
    {"Cache": "external", "SubnetIds": "subnet-1,subnet-2", "SecurityGroupIds": "sg-1"},
]
each_set = pytest.mark.parametrize(
    "given", PARAMETERS, ids=lambda given: "+".join(given.values()) or "defaults"
)
# With these, EventBridge starts the workflows.
START_RULES = {
    "ProcessImageOriginalUploadedRole",
    "RemoveImageOriginalDeletedRole",
    "PurgeCdnRunEndedEarlyRole",
}
each_role = pytest.mark.parametrize("name", sorted([*functions(), *state_machines()]))
each_function = pytest.mark.parametrize("name", sorted(functions()))


def granted(name: str, given: dict[str, str]) -> list[tuple[str, str]]:
    """Each action and resource that the role of a function or a state machine has, from every policy on it.

    Empty if these parameters make no such role.
    """
    conditions = Conditions(rendered(), given)
    made = {
        each: resource
        for each, resource in rendered()["Resources"].items()
        if "Condition" not in resource or conditions.holds(resource["Condition"])
    }
    policies = [
        policy["Properties"]
        for policy in made.values()
        if policy["Type"] == "AWS::IAM::Policy" and {"Ref": f"{name}Role"} in policy["Properties"]["Roles"]
    ]
    if f"{name}Role" not in made:
        return []
    role = conditions.without_ifs(made[f"{name}Role"])["Properties"]
    statements = [
        statement
        for policy in conditions.without_ifs([*role.get("Policies", []), *policies])
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    return [
        (action, json.dumps(resource, sort_keys=True))
        for statement in statements
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    ]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def demanded(name: str, given: dict[str, str]) -> set[str]:
    function = functions()[name]
    actions: set[str] = set()
    for call in calls_of(function["Handler"].split(".")[0]):
        if call == "s3:GetObject (presigned)":
            actions |= {"s3:GetObject"} if given.get("Cdn") == "disabled" else set()
        elif call == "elasticache:Connect":
            actions |= {call} if given.get("Cache") in ("serverless", "cluster") else set()
        elif call.startswith("cloudfront:"):
            actions |= {call} if given.get("Cdn") != "disabled" else set()
        else:
            actions |= DEMANDED.get(call, {call.replace("stepfunctions:", "states:")})
    actions |= FOR_A_VERSION if name == COPIES_A_VERSION else set()
    # What Lambda itself does with the function's role.
    actions |= {"logs:CreateLogStream", "logs:PutLogEvents"}
    if any(event["Type"] == "SQS" for event in function.get("Events", {}).values()):
        # docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
        actions |= {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
    if given.get("Tracing") == "enabled":
        actions |= {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
    if "VpcConfig" in Conditions(rendered(), given).without_ifs(function):
        actions |= JOIN_VPC
    if (
        function.get("EventInvokeConfig", {}).get("DestinationConfig", {}).get("OnFailure", {}).get("Type")
        == "SQS"
    ):
        actions.add("sqs:SendMessage")
    return actions


@each_set
@each_function
def test_role_grants_what_the_code_calls_and_nothing_else(name: str, given: dict[str, str]) -> None:
    assert {action for action, _ in granted(name, given)} == demanded(name, given)


@each_set
@each_role
def test_role_grants_nothing_twice(name: str, given: dict[str, str]) -> None:
    assert [each for each, count in Counter(granted(name, given)).items() if count > 1] == []


@each_set
@pytest.mark.parametrize("machine", machines(), ids=lambda machine: machine.name)
def test_machines_role_grants_what_its_states_call_and_nothing_else(
    machine: Machine, given: dict[str, str]
) -> None:
    actions = {action for action, _ in granted(machine.name, given)}
    needed = called_by(machine)
    if given.get("Cdn") == "disabled":
        needed = {action for action in needed if not action.startswith("cloudfront:")}
        needed = set() if machine.name == "PurgeCdn" else needed
    if given.get("Tracing") == "enabled":
        needed |= FOR_TRACES
    assert actions == needed


def test_no_role_has_a_managed_policy() -> None:
    # AWSLambdaBasicExecutionRole, which SAM would attach, lets a function write to every log group of the account.
    roles = [each for each in rendered()["Resources"].values() if each["Type"] == "AWS::IAM::Role"]
    assert [role for role in roles if role["Properties"].get("ManagedPolicyArns")] == []


def test_every_role_belongs_to_a_function_a_machine_or_a_rule() -> None:
    roles = {name for name, each in rendered()["Resources"].items() if each["Type"] == "AWS::IAM::Role"}
    assert roles == {f"{name}Role" for name in [*functions(), *state_machines()]} | START_RULES | {
        "ReaderDeploymentRole"
    }


@pytest.mark.parametrize("role", sorted(START_RULES))
def test_a_rules_role_may_only_start_its_machine(role: str) -> None:
    machine = next(name for name in state_machines() if role.startswith(name))
    started = f"{machine}Aliaslive" if "AutoPublishAlias" in state_machines()[machine] else machine
    target = json.dumps({"Ref": started})
    assert granted(role.removesuffix("Role"), {}) == [("states:StartExecution", target)]


def test_functions_log_only_to_the_stacks_own_group() -> None:
    for name in functions():
        groups = {resource for action, resource in granted(name, {}) if action.startswith("logs:")}
        assert groups == {json.dumps({"Fn::GetAtt": ["FunctionLogs", "Arn"]})}


def test_every_service_that_has_a_client_is_looked_at() -> None:
    files = [file for name in functions() for file in _files(functions()[name]["Handler"].split(".")[0])]
    made = {part.split('"')[0] for file in files for part in file.read_text().split('client("')[1:]}
    assert made == set(SERVICES)


def test_a_call_through_a_client_is_one_services_alone() -> None:
    ambiguous = {method for method, known in operations().items() if len(known) > 1}
    called = {call for name in functions() for call in calls_of(functions()[name]["Handler"].split(".")[0])}
    assert ambiguous
    assert not [call for call in called if " or " in call]


def _files(folder: str) -> list[Path]:
    return list((FUNCTIONS / folder).rglob("*.py"))


@each_set
def test_no_role_has_a_wildcard_but_for_actions_that_know_no_resource(given: dict[str, str]) -> None:
    names = [name.removesuffix("Role") for name, each in rendered()["Resources"].items() if _is_role(each)]
    for name in names:
        for action, resource in granted(name, given):
            assert "*" not in action, name
            assert resource != '"*"' or action in WITHOUT_RESOURCE, f"{name}: {action} on everything"


def _is_role(resource: dict[str, Any]) -> bool:
    return bool(resource["Type"] == "AWS::IAM::Role")
