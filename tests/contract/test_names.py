"""Names fit: a stack's name may have 40 characters, in every region.

CloudFormation shortens the names that it makes itself. Those that the template gives are checked here.
"""

import re
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from dev.checks.template import PSEUDO, resources, sample

STACK_NAME = "s" * 40
# The most characters, by type and property. Sources: the API references, and the resources' schemas in cfn-lint.
LIMITS = {
    ("AWS::Serverless::StateMachine", "Name"): 80,
    ("AWS::Logs::LogGroup", "LogGroupName"): 512,
    ("AWS::SNS::Topic", "DisplayName"): 100,
    ("AWS::CloudWatch::Dashboard", "DashboardName"): 255,
    ("AWS::ElastiCache::User", "UserId"): 40,
    ("AWS::ElastiCache::User", "UserName"): 40,  # with IAM it is the id
    ("AWS::ElastiCache::ServerlessCache", "ServerlessCacheName"): 40,
    ("AWS::CloudFront::Function", "Name"): 64,
    ("AWS::AppConfig::Application", "Name"): 64,
    ("AWS::CloudFront::PublicKey", "PublicKeyConfig/Name"): 128,
    ("AWS::CloudFront::KeyGroup", "KeyGroupConfig/Name"): 128,
    ("AWS::CloudFront::CachePolicy", "CachePolicyConfig/Name"): 128,
    ("AWS::CloudFront::ResponseHeadersPolicy", "ResponseHeadersPolicyConfig/Name"): 128,
    ("AWS::CloudFront::OriginAccessControl", "OriginAccessControlConfig/Name"): 64,
    ("AWS::CloudFront::Distribution", "DistributionConfig/Comment"): 128,
    ("AWS::Serverless::HttpApi", "DefinitionBody/info/title"): 128,
    ("AWS::ElastiCache::ReplicationGroup", "ReplicationGroupDescription"): 255,
    ("AWS::ElastiCache::ServerlessCache", "Description"): 255,
    ("AWS::ElastiCache::SubnetGroup", "Description"): 255,
    ("AWS::KMS::Key", "Description"): 8192,
    ("AWS::SecretsManager::Secret", "Description"): 2048,
    ("AWS::CloudWatch::Alarm", "AlarmDescription"): 1024,
}
# Texts that contain the stack's name and are not names: search terms, or texts with a limit far above any stack's name.
UNLIMITED = ("DashboardBody", "AccessString", "Policies/", "Environment/", "Metrics/", "Dimensions/", "Tags/")


def longest_region() -> str:
    session = boto3.Session()
    regions = [
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("cloudformation", partition)
    ]
    return max(regions, key=len)


def strings(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every string of a resource's properties, or what CloudFormation makes one of, with its path."""
    if isinstance(value, dict) and not any(key in value for key in ("Ref", "Fn::Sub", "Fn::GetAtt")):
        for key, part in value.items():
            yield from strings(part, path if key == "Fn::If" else f"{path}/{key}".lstrip("/"))
    elif isinstance(value, list):
        for part in value:
            yield from strings(part, path + "/" if path else path)
    else:
        yield path, value


def with_the_stacks_name() -> Iterator[tuple[str, str, str, Any]]:
    for name, resource in resources().items():
        for path, value in strings(resource.get("Properties", {})):
            if "AWS::StackName" in str(value) and not any(part in path for part in UNLIMITED):
                yield name, resource["Type"], path, value


@pytest.mark.parametrize(
    ("name", "kind", "path", "value"),
    list(with_the_stacks_name()),
    ids=lambda value: re.sub(r"\W+", "-", str(value))[:40],
)
def test_a_stack_name_of_40_characters_fits_in_every_region(
    name: str, kind: str, path: str, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PSEUDO, "AWS::StackName", STACK_NAME)
    monkeypatch.setitem(PSEUDO, "AWS::Region", longest_region())
    assert len(sample(value)) <= LIMITS[kind, path], sample(value)


def test_every_limit_is_that_of_a_name_in_the_template() -> None:
    given = {
        (resource["Type"], path)
        for resource in resources().values()
        for path, _ in strings(resource.get("Properties", {}))
    }
    assert LIMITS.keys() - given == set()
