"""Deploy a SAM template to a running MiniStack, or update what is deployed."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from local.deployment import adapt, artifacts, serverless, settings, source
from local.deployment.conditions import Conditions
from local.deployment.errors import BrokenTemplate
from local.deployment.parameters import check

ARTIFACTS = "local-artifacts"
_EXECUTE_API = re.compile(r"https://([a-z0-9]+)\.execute-api\.[^/]*(?:amazonaws\.com|localhost)[^/]*(/.*)?")
# Everything shares this machine's processors, so a slow answer is not an outage.
_OF_THIS_MACHINE = {"ReaderDeadline": "2500"}
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


@dataclass(frozen=True)
class Deployer:
    """Deploys to the MiniStack at `endpoint_url`; `client` makes its boto3 clients. `versions` deploys functions'
    versions too."""

    client: Callable[[str], Any]
    endpoint_url: str
    region: str
    versions: bool = False

    def create(self, path: Path, parameters: Mapping[str, str], stack_name: str) -> dict[str, str]:
        """Deploy the template at `path` as a new stack; returns the stack's outputs.

        Only those `parameters` are passed on that the template declares. Raises BrokenTemplate if the template can't be
        read, transformed or deployed, and ParametersRefused if it does not accept the parameters.
        """
        template, given = self._prepared(path, parameters)
        self._send("create_stack", template, given, stack_name)
        return self._finished("stack_create_complete", template, given, stack_name)

    def update(self, path: Path, parameters: Mapping[str, str], stack_name: str) -> dict[str, str]:
        """Update the stack to the template at `path`, in place; returns the stack's outputs.

        Parameters that are not given keep their values. Raises as `create` does; after BrokenTemplate, the stack is as
        it was before.
        """
        found = self.client("cloudformation").describe_stacks(StackName=stack_name)["Stacks"][0]
        current = {each["ParameterKey"]: each["ParameterValue"] for each in found.get("Parameters", ())}
        template, given = self._prepared(path, {**current, **parameters})
        self._send("update_stack", template, given, stack_name)
        return self._finished("stack_update_complete", template, given, stack_name)

    def _prepared(self, path: Path, parameters: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
        """The template for MiniStack's CloudFormation, its code uploaded, and the parameters that it declares.

        An update may bring a parameter that the running stack's template did not have.
        """
        template = source.read(path)
        declared = template.get("Parameters", {})
        wished = {**_OF_THIS_MACHINE, **parameters}
        given = {name: value for name, value in wished.items() if name in declared}
        check(template, given)
        _upload_code(template, path.parent, self.client("s3"))
        transformed = serverless.transformed(template, given, self.region)
        return adapt.adapted(transformed, given, versions=self.versions), given

    def _send(self, call: str, template: dict[str, Any], given: dict[str, str], stack_name: str) -> None:
        body = json.dumps(template).encode()
        self.client("s3").put_object(Bucket=ARTIFACTS, Key="template.json", Body=body)
        try:
            getattr(self.client("cloudformation"), call)(
                StackName=stack_name,
                # a body may have 51,200 bytes only
                TemplateURL=f"{self.endpoint_url}/{ARTIFACTS}/template.json",
                Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()],
                Capabilities=_CAPABILITIES,
            )
        except ClientError as error:
            raise BrokenTemplate(
                f"the template can't be deployed: {error.response['Error']['Message']}"
            ) from error

    def _finished(
        self, waiter: str, template: dict[str, Any], given: dict[str, str], stack_name: str
    ) -> dict[str, str]:
        """The outputs, once CloudFormation is done and what it ignores is set."""
        cloudformation = self.client("cloudformation")
        stack = _settled(cloudformation, waiter, stack_name)
        listed = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack_name)
        physical_ids = {
            summary["LogicalResourceId"]: summary.get("PhysicalResourceId", "")
            for page in listed
            for summary in page["StackResourceSummaries"]
            if summary["ResourceStatus"] != "DELETE_COMPLETE"
        }
        decided = Conditions(template, given).decided(template["Resources"])
        settings.restore(decided, physical_ids, self.client)
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
        return {name: _reachable(value, self.endpoint_url) for name, value in outputs.items()}


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
        package = artifacts.package(template_dir, resource)
        # By another key, CloudFormation sees that the code has changed.
        key = f"{name}-{hashlib.sha256(package).hexdigest()[:16]}.zip"
        s3.put_object(Bucket=ARTIFACTS, Key=key, Body=package)
        properties["CodeUri"] = {"Bucket": ARTIFACTS, "Key": key}


def _settled(cloudformation: Any, waiting_for: str, stack_name: str) -> dict[str, Any]:
    waiter = cloudformation.get_waiter(waiting_for)
    waiter.config.delay, waiter.config.max_attempts = 0.05, 4800
    try:
        waiter.wait(StackName=stack_name)
    except WaiterError as error:  # the stack's own message says only that it failed
        reasons = "; ".join(reversed(list(_failures(cloudformation, stack_name))))
        raise BrokenTemplate(f"the template can't be deployed: {reasons or error}") from error
    return dict(cloudformation.describe_stacks(StackName=stack_name)["Stacks"][0])


def _failures(cloudformation: Any, stack_name: str) -> Iterator[str]:
    """What failed in the latest operation on the stack, the last failure first."""
    for event in cloudformation.describe_stack_events(StackName=stack_name)["StackEvents"]:
        status = event["ResourceStatus"]
        if event["LogicalResourceId"] == stack_name and status in (
            "CREATE_IN_PROGRESS",
            "UPDATE_IN_PROGRESS",
        ):
            return
        if status.endswith("_FAILED"):
            yield f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', status)}"


def _reachable(value: str, endpoint_url: str) -> str:
    """An output as this machine can use it: an HTTP API answers under the endpoint, not under its own name."""
    api = _EXECUTE_API.fullmatch(value)
    if api is None:
        return value
    return f"{endpoint_url}/_aws/execute-api/{api[1]}/$default{(api[2] or '').rstrip('/')}"
