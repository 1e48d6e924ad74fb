"""Changes what MiniStack's CloudFormation expects in another form, and leaves out what it does not accept."""

from __future__ import annotations

from typing import Any

from imageservice_operator.operations.standing import NOT_HERE
from local.deployment import httpapi
from local.deployment.conditions import Conditions
from local.deployment.versions import without_versions

UNSUPPORTED = {
    "AWS::EC2::EIP",
    "AWS::EC2::NatGateway",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::ElastiCache::ServerlessCache",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::CloudWatch::Dashboard",
    "AWS::CloudWatch::AnomalyDetector",
    "AWS::SNS::TopicInlinePolicy",
    "AWS::Budgets::Budget",
    "AWS::ResourceGroups::Group",
    "AWS::ApplicationInsights::Application",
}
"""Resource types that it refuses. None has an effect on one machine: networks, dashboards, budgets."""


def adapted(template: dict[str, Any], parameters: dict[str, str], *, versions: bool) -> dict[str, Any]:
    """The template as MiniStack can deploy it, with these parameters, and with functions' versions if asked for."""
    conditions = Conditions(template, parameters)
    template = {
        **template,
        "Resources": without_versions(template["Resources"], functions=not versions),
    }
    resources = {
        name: resource
        for name, resource in template["Resources"].items()
        if resource["Type"] not in UNSUPPORTED and not _is_metric_math(resource)
    }
    dropped = set(template["Resources"]) - set(resources)
    for resource in resources.values():
        if resource["Type"] == "AWS::Lambda::Function":
            # There is no network to put the function into; everything that it needs is on loopback.
            resource["Properties"].pop("VpcConfig", None)
            # x86 or arm: this machine's. Layers and build settings have no part in `.venv/functions`.
            for name in ("Architectures", "Layers", "SnapStart"):
                resource["Properties"].pop(name, None)
        if resource["Type"] == "AWS::ApiGatewayV2::Api" and "Body" in resource["Properties"]:
            resource["Properties"]["Body"] = conditions.without_ifs(resource["Properties"]["Body"])
        if resource["Type"] == "AWS::S3::BucketPolicy":
            policy = resource["Properties"]["PolicyDocument"]
            policy["Statement"] = [each for each in policy["Statement"] if not _refuses_plain_http(each)]
        depends_on = resource.get("DependsOn")
        if isinstance(depends_on, list):
            resource["DependsOn"] = [name for name in depends_on if name not in dropped]
        elif depends_on in dropped:
            del resource["DependsOn"]
    not_here = {
        name: template["Resources"][name]
        for name in sorted(dropped)
        if conditions.makes(template["Resources"][name])
    }
    metadata = {**template.get("Metadata", {}), NOT_HERE: conditions.without_ifs(not_here)}
    return {**template, "Metadata": metadata, "Resources": httpapi.spelled_out(resources)}


def _refuses_plain_http(statement: dict[str, Any]) -> bool:
    """A statement that would refuse everything: on loopback nothing comes with TLS."""
    return (
        statement.get("Effect") == "Deny"
        and statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport") == "false"
    )


def _is_metric_math(resource: dict[str, Any]) -> bool:
    """An alarm on an expression, which it refuses; alarms never fire here anyway."""
    return resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]
