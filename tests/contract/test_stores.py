"""The stores are private, encrypted on the way, and outlive their stack."""

from typing import Any

import pytest

from dev.checks.template import resources, template
from local.deployment.conditions import Conditions

BUCKETS = resources("AWS::S3::Bucket")
each_bucket = pytest.mark.parametrize("name", BUCKETS)


def policy_of(bucket: str) -> dict[str, Any]:
    """The resource that is the bucket's policy."""
    found = [
        resource
        for resource in resources("AWS::S3::BucketPolicy").values()
        if resource["Properties"]["Bucket"] == {"Ref": bucket}
    ]
    assert len(found) == 1  # S3 has one for a bucket: a second one would replace the first
    return found[0]


@each_bucket
def test_bucket_is_private(name: str) -> None:
    assert set(BUCKETS[name]["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}


@each_bucket
def test_bucket_refuses_all_that_comes_without_tls(name: str) -> None:
    policy = policy_of(name)
    assert policy.get("Condition") == BUCKETS[name].get("Condition")
    denied = policy["Properties"]["PolicyDocument"]["Statement"][0]
    assert denied == {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [{"Fn::GetAtt": [name, "Arn"]}, {"Fn::Sub": f"${{{name}.Arn}}/*"}],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


@pytest.mark.parametrize("name", [*BUCKETS, "ImageTable", "AuditTable", "EncryptionKey"])
def test_store_outlives_its_stack_unless_the_stack_was_never_made(name: str) -> None:
    # CloudFormation fails to delete a bucket with objects in it, and the stack with it.
    store = resources()[name]
    assert (store["DeletionPolicy"], store["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


OWN_KEY = "arn:aws:kms:eu-central-1:123456789012:key/0a1b"
# Where each type names its key.
KEYS: dict[str, list[str | int]] = {
    "AWS::S3::Bucket": [
        "BucketEncryption",
        "ServerSideEncryptionConfiguration",
        0,
        "ServerSideEncryptionByDefault",
        "KMSMasterKeyID",
    ],
    "AWS::DynamoDB::Table": ["SSESpecification", "KMSMasterKeyId"],
    "AWS::SQS::Queue": ["KmsMasterKeyId"],
    "AWS::SNS::Topic": ["KmsMasterKeyId"],
    "AWS::Logs::LogGroup": ["KmsKeyId"],
}


@pytest.mark.parametrize(
    ("given", "key"),
    [("create", {"Fn::GetAtt": ["EncryptionKey", "Arn"]}), (OWN_KEY, OWN_KEY)],
    ids=["created", "given"],
)
# CloudFront's log delivery would need more of the key's policy, and no image is in it.
@pytest.mark.parametrize("name", [name for name in resources(*KEYS) if name != "AccessLogBucket"])
def test_store_is_encrypted_with_the_key_of_the_parameter(name: str, given: str, key: Any) -> None:
    found = Conditions(template(), {"KmsKey": given}).decided(resources()[name])
    part = found["Properties"]
    for step in KEYS[found["Type"]]:
        part = part[step]
    assert part == key


def test_without_a_key_the_services_use_their_own() -> None:
    decided = Conditions(template(), {}).decided(resources(*KEYS))
    assert "EncryptionKey" not in str(decided)
    assert {
        queue["Properties"]["SqsManagedSseEnabled"] for queue in decided.values() if "Queue" in queue["Type"]
    } == {True}


@pytest.mark.parametrize("name", resources("AWS::Logs::LogGroup"))
def test_logs_are_kept_for_as_long_as_the_parameter_says(name: str) -> None:
    assert resources()[name]["Properties"]["RetentionInDays"] == {"Ref": "LogDays"}
