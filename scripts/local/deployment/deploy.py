"""Deploy a SAM template to a running MiniStack."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from local.deployment import adapt, artifacts, serverless, settings, source
from local.deployment.conditions import Conditions
from local.deployment.errors import BrokenTemplate
from local.deployment.parameters import check

ARTIFACTS = "local-artifacts"
_EXECUTE_API = re.compile(r"https://([a-z0-9]+)\.execute-api\.[^/]*(?:amazonaws\.com|localhost)[^/]*(/.*)?")


def deploy(
    path: Path,
    parameters: Mapping[str, str],
    client: Callable[[str], Any],
    endpoint_url: str,
    stack_name: str,
    region: str,
) -> dict[str, str]:
    """Deploy the template at `path` as `stack_name`; returns the stack's outputs.

    Only those `parameters` are passed on that the template declares. `client` makes boto3 clients. Raises
    BrokenTemplate if the template can't be read, transformed or deployed, and ParametersRefused if it does not accept
    the parameters.
    """
    template = source.read(path)
    declared = template.get("Parameters", {})
    given = {name: value for name, value in parameters.items() if name in declared}
    check(template, given)
    _upload_code(template, path.parent, client("s3"))
    result = adapt.adapted(serverless.transformed(template, given, region), given)
    client("s3").put_object(Bucket=ARTIFACTS, Key="template.json", Body=json.dumps(result).encode())
    cloudformation = client("cloudformation")
    try:
        cloudformation.create_stack(
            StackName=stack_name,
            TemplateURL=f"{endpoint_url}/{ARTIFACTS}/template.json",  # a body may have 51,200 bytes only
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
    except ClientError as error:
        raise BrokenTemplate(
            f"the template can't be deployed: {error.response['Error']['Message']}"
        ) from error
    stack = _settled(cloudformation, stack_name)
    listed = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack_name)
    physical_ids = {
        summary["LogicalResourceId"]: summary.get("PhysicalResourceId", "")
        for page in listed
        for summary in page["StackResourceSummaries"]
    }
    decided = Conditions(result, given).decided(result["Resources"])
    settings.restore(decided, physical_ids, client)
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    return {name: _reachable(value, endpoint_url) for name, value in outputs.items()}


def _upload_code(template: dict[str, Any], template_dir: Path, s3: Any) -> None:
    """Put the code of every function into a bucket and point the template there."""
    s3.create_bucket(Bucket=ARTIFACTS)
    defaults = (template.get("Globals") or {}).get("Function") or {}
    for name, resource in template["Resources"].items():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        properties = resource["Properties"]
        properties["CodeUri"] = properties.get("CodeUri", defaults.get("CodeUri"))
        if not isinstance(properties["CodeUri"], str):
            if "InlineCode" in properties:
                del properties["CodeUri"]
            continue
        key = f"{name}.zip"
        s3.put_object(Bucket=ARTIFACTS, Key=key, Body=artifacts.package(template_dir, resource))
        properties["CodeUri"] = {"Bucket": ARTIFACTS, "Key": key}


def _settled(cloudformation: Any, stack_name: str) -> dict[str, Any]:
    waiter = cloudformation.get_waiter("stack_create_complete")
    waiter.config.delay, waiter.config.max_attempts = 0.05, 1200
    try:
        waiter.wait(StackName=stack_name)
    except WaiterError as error:  # the stack's own message says only that it failed
        reasons = [
            f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', event['ResourceStatus'])}"
            for event in cloudformation.describe_stack_events(StackName=stack_name)["StackEvents"]
            if event["ResourceStatus"].endswith("_FAILED")
        ]
        raise BrokenTemplate(
            f"the template can't be deployed: {'; '.join(reversed(reasons)) or error}"
        ) from error
    return dict(cloudformation.describe_stacks(StackName=stack_name)["Stacks"][0])


def _reachable(value: str, endpoint_url: str) -> str:
    """An output as this machine can use it: an HTTP API answers under the endpoint, not under its own name."""
    api = _EXECUTE_API.fullmatch(value)
    if api is None:
        return value
    return f"{endpoint_url}/_aws/execute-api/{api[1]}/$default{(api[2] or '').rstrip('/')}"
