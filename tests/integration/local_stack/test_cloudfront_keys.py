"""The patch `cloudfront_keys`: without it, no stack of MiniStack's CloudFormation has keys of CloudFront."""

import subprocess

from local import background


def printed(*statements: str) -> str:
    """What these statements print in the local stack's Python."""
    variables = {"PYTHONPATH": background.PYTHON_PATH}
    command = [str(background.PYTHON), "-c", "\n".join(statements)]
    return subprocess.check_output(command, env=variables, text=True, cwd=background.REPOSITORY).strip()


def test_public_keys_and_key_groups_are_types_that_only_the_patch_adds() -> None:
    ask = (
        "from ministack.services.cloudformation import provisioners as p",
        "print([name in p._RESOURCE_HANDLERS for name in ('AWS::CloudFront::PublicKey', 'AWS::CloudFront::KeyGroup')])",
    )
    assert printed(*ask) == "[False, False]"
    assert (
        printed("from local.patches import cloudfront_keys; cloudfront_keys.apply()", *ask) == "[True, True]"
    )
