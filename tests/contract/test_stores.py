"""The stores are private, encrypted on the way, and outlive their stack."""

from typing import Any

import pytest

from dev.checks.template import resources

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


@pytest.mark.parametrize("name", [*BUCKETS, "ImageTable"])
def test_store_outlives_its_stack_unless_the_stack_was_never_made(name: str) -> None:
    # CloudFormation fails to delete a bucket with objects in it, and the stack with it.
    store = resources()[name]
    assert (store["DeletionPolicy"], store["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


@pytest.mark.parametrize("name", resources("AWS::Logs::LogGroup"))
def test_logs_are_kept_for_as_long_as_the_parameter_says(name: str) -> None:
    assert resources()[name]["Properties"]["RetentionInDays"] == {"Ref": "LogDays"}
