"""Errors of `aws-sdk:` tasks carry the service's name as Step Functions writes it: CloudFront, not cloudfront.

moto knows only DynamoDb and Sfn and takes the others as they stand in the resource's ARN, so that a Catch for
`CloudFront.NoSuchDistributionException` never applies.
"""

from __future__ import annotations

from local.patches.patch import Patch

NAMES = {
    "cloudfront": "CloudFront",
    "cloudwatch": "CloudWatch",
    "cloudwatchlogs": "CloudWatchLogs",
    "dynamodb": "DynamoDb",
    "eventbridge": "EventBridge",
    "secretsmanager": "SecretsManager",
}
"""Where the name is more than its first letter raised: the client names of AWS's Java SDK."""


def apply(patch: Patch) -> None:
    """Give the names."""
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (
        StateTaskServiceAwsSdk,
    )

    def service_name(name: str) -> str:
        return NAMES.get(name.lower(), name[:1].upper() + name[1:])

    patch.set(StateTaskServiceAwsSdk, "_normalise_service_error_name", staticmethod(service_name))
