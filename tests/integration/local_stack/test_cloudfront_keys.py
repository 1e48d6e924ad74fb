"""The patch `cloudfront_keys`: without it, no stack of MiniStack's CloudFormation has keys of CloudFront."""

from collections.abc import Callable


def test_public_keys_and_key_groups_are_types_that_only_the_patch_adds(printed: Callable[..., str]) -> None:
    ask = (
        "from ministack.services.cloudformation import provisioners as p",
        "print([name in p._RESOURCE_HANDLERS for name in ('AWS::CloudFront::PublicKey', 'AWS::CloudFront::KeyGroup')])",
    )
    assert printed(*ask) == "[False, False]"
    patch = "from local.patches import cloudfront_keys; cloudfront_keys.apply()"
    assert printed(patch, *ask) == "[True, True]"
