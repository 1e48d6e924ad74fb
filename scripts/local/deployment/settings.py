"""Sets what MiniStack's CloudFormation ignores, through the services' own APIs after the deployment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Resolve = Callable[[Any], Any]
Client = Callable[[str], Any]


def restore(resources: dict[str, Any], physical_ids: dict[str, str], client: Client) -> None:
    """Set tables' expiry and recovery, buckets' lifecycle, HTTP APIs' CORS. `client` makes boto3 clients.

    `resources` have parameters' values in them, and no conditions.
    """
    for name, resource in resources.items():
        if name not in physical_ids:
            continue
        properties = resource.get("Properties") or {}
        if resource["Type"] == "AWS::DynamoDB::Table":
            _table(client("dynamodb"), physical_ids[name], properties)
        elif resource["Type"] == "AWS::ApiGatewayV2::Api" and "CorsConfiguration" in properties:
            cors = properties["CorsConfiguration"]
            client("apigatewayv2").update_api(ApiId=physical_ids[name], CorsConfiguration=cors)
        elif resource["Type"] == "AWS::S3::Bucket" and "LifecycleConfiguration" in properties:
            rules = [_lifecycle_rule(rule) for rule in properties["LifecycleConfiguration"]["Rules"]]
            client("s3").put_bucket_lifecycle_configuration(
                Bucket=physical_ids[name], LifecycleConfiguration={"Rules": rules}
            )


def _table(dynamodb: Any, name: str, properties: dict[str, Any]) -> None:
    expiry = properties.get("TimeToLiveSpecification")
    if expiry:
        current = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        if current.get("TimeToLiveStatus") not in ("ENABLED", "ENABLING"):
            dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=expiry)
    recovery = properties.get("PointInTimeRecoverySpecification")
    if recovery:
        dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=recovery)


def _lifecycle_rule(rule: dict[str, Any]) -> dict[str, Any]:
    """A template's rule in the form of S3's API."""
    result: dict[str, Any] = {"Status": rule["Status"]}
    if "Id" in rule:
        result["ID"] = rule["Id"]
    tags = [{"Key": tag["Key"], "Value": tag["Value"]} for tag in rule.get("TagFilters", [])]
    if tags:
        both = {"Prefix": rule["Prefix"]} if "Prefix" in rule else {}
        result["Filter"] = (
            {"Tag": tags[0]} if len(tags) == 1 and not both else {"And": {**both, "Tags": tags}}
        )
    else:
        result["Filter"] = {"Prefix": rule.get("Prefix", "")}
    expiration = {
        ours: rule[theirs]
        for theirs, ours in (
            ("ExpirationInDays", "Days"),
            ("ExpirationDate", "Date"),
            ("ExpiredObjectDeleteMarker", "ExpiredObjectDeleteMarker"),
        )
        if theirs in rule
    }
    if expiration:
        result["Expiration"] = expiration
    if "AbortIncompleteMultipartUpload" in rule:
        result["AbortIncompleteMultipartUpload"] = rule["AbortIncompleteMultipartUpload"]
    if "NoncurrentVersionExpiration" in rule:
        result["NoncurrentVersionExpiration"] = rule["NoncurrentVersionExpiration"]
    elif "NoncurrentVersionExpirationInDays" in rule:
        result["NoncurrentVersionExpiration"] = {"NoncurrentDays": rule["NoncurrentVersionExpirationInDays"]}
    if "Transitions" in rule:
        result["Transitions"] = [
            {"StorageClass": step["StorageClass"], "Days": step["TransitionInDays"]}
            for step in rule["Transitions"]
        ]
    return result
