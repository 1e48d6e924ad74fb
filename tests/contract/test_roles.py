"""After the SAM transform, each function's role grants the calls that its code can make, and no other."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from dev.checks.aws_calls import FUNCTIONS, SERVICES, calls_of, operations
from dev.checks.rendered import rendered
from dev.checks.template import functions
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
    "s3:DeleteObjects": {"s3:DeleteObject"},
}
PARAMETERS: list[dict[str, str]] = [
    {},
    {"Cdn": "disabled"},
    {"Cache": "serverless"},
    {"Cache": "cluster", "Cdn": "disabled"},
]
each_set = pytest.mark.parametrize(
    "given", PARAMETERS, ids=lambda given: "+".join(given.values()) or "defaults"
)
each_function = pytest.mark.parametrize("name", sorted(functions()))


def granted(name: str, given: dict[str, str]) -> list[tuple[str, str]]:
    """Each action and resource in the inline policies of the function's role."""
    role = Conditions(rendered(), given).without_ifs(rendered()["Resources"][f"{name}Role"])
    statements = [
        statement
        for policy in role["Properties"].get("Policies", [])
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
        else:
            actions |= DEMANDED.get(call, {call.replace("stepfunctions:", "states:")})
    # Lambda itself sends there, with the function's role.
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
@each_function
def test_role_grants_nothing_twice(name: str, given: dict[str, str]) -> None:
    assert [each for each, count in Counter(granted(name, given)).items() if count > 1] == []


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
