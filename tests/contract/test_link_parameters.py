"""The parameters of signed links: what a deployment refuses, and that the functions' environment holds the rest."""

import json

import pytest
from links import PRIVATE, PUBLIC

from dev.checks import ROOT
from dev.checks.template import template
from local.deployment.parameters import ParametersRefused, check

ARN = "arn:aws:secretsmanager:us-east-1:000000000000:secret:links"
RSA = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAu1SU1LfVLPHCozMxH2Mo"


def test_a_key_and_its_secret_are_accepted() -> None:
    for name in ("LinkPublicKeyA", "LinkPublicKeyB"):
        check(template(), {name: PUBLIC, "LinkKeySecretArn": ARN})


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"LinkPublicKeyA": PUBLIC}, "need LinkKeySecretArn"),
        ({"LinkKeySecretArn": ARN}, "needs the public key"),
        ({"LinkPublicKeyA": RSA, "LinkKeySecretArn": ARN}, "ECDSA P-256"),
        ({"LinkPublicKeyA": PUBLIC.replace(",", ""), "LinkKeySecretArn": ARN}, "separated by a comma"),
        ({"LinkPublicKeyB": f"{PUBLIC};K9=x", "LinkKeySecretArn": ARN}, "ECDSA P-256"),
        ({"LinkPublicKeyA": PUBLIC, "LinkKeySecretArn": "links"}, "must be the ARN"),
        ({"LinkPublicKeyA": PUBLIC, "LinkKeySecretArn": PRIVATE}, "must be the ARN"),
    ],
)
def test_half_of_a_pair_and_other_keys_are_refused(given: dict[str, str], reason: str) -> None:
    with pytest.raises(ParametersRefused, match=reason):
        check(template(), given)


def test_the_longest_access_and_two_keys_fit_in_the_readers_environment() -> None:
    """Lambda allows 4 KB: docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
    resources = json.loads((ROOT / "tests/snapshots/defaults.json").read_text())["Resources"]
    variables = resources["ReaderFunction"]["Properties"]["Environment"]["Variables"]
    longest = {
        "ACCESS_RULES": "x" * 1_024,
        "LINK_KEY": PRIVATE,
        "LINK_PUBLIC_KEYS": f"{'K' * 14}={PUBLIC};{'K' * 14}={PUBLIC}",
        "EDGE_SECRETS": "x" * 97,
    }
    # Addresses and passwords of a cache of one's own are the longest of the others.
    given = {
        name: longest.get(name, value if isinstance(value, str) else "x" * 128)
        for name, value in variables.items()
    }
    assert len(json.dumps(given)) <= 4_096
