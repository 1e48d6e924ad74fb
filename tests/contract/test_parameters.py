"""What the template's parameters accept: defaults deploy, half-set ones are refused with a sentence."""

import pytest

from dev.checks.template import template
from local.deployment.parameters import ParametersRefused, check

CLUSTER, SERVERLESS, EXTERNAL = {"Cache": "cluster"}, {"Cache": "serverless"}, {"Cache": "external"}
REDIS = {"CacheUrl": "rediss://redis.example.com:6379"}
SECRET = {"CacheSecretArn": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:redis-AbCdEf"}
SUBNETS = {"SubnetIds": "subnet-0a1b2c3d,subnet-1a1b2c3d"}
VPC = {"VpcId": "vpc-0a1b2c3d"}
GROUPS = {"SecurityGroupIds": "sg-0a1b2c3d"}
CERTIFICATE = {"CdnCertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1"}
NAME = {"CdnUrl": "https://images.example.com"}
WEB_ACL = {"WebAclArn": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/images/0a1b"}
ISSUER, AUDIENCE = {"JwtIssuer": "https://login.example.com"}, {"JwtAudience": "images,shop"}


@pytest.mark.parametrize(
    "given",
    [
        {},
        CLUSTER,
        SERVERLESS,
        EXTERNAL | REDIS,
        EXTERNAL | REDIS | SECRET,
        EXTERNAL | {"CacheUrl": "redis://127.0.0.1:6379/0"},
        EXTERNAL | {"CacheUrl": "rediss://redis.example.com:6379?cluster=true"},
        EXTERNAL | REDIS | SUBNETS | GROUPS,
        CLUSTER | SUBNETS | VPC,
        SERVERLESS | SUBNETS | VPC,
        CERTIFICATE | NAME,
        ISSUER | AUDIENCE,
        {"AlarmEmail": "ops@example.com"},
        WEB_ACL,
        {"DirectReads": "refused"},
        {"EdgeSecret": "second-to-first"},
        {"KmsKey": "create"},
        {"KmsKey": "arn:aws:kms:eu-central-1:123456789012:key/0a1b"},
    ],
)
def test_complete_parameters_are_accepted(given: dict[str, str]) -> None:
    check(template(), given)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (EXTERNAL, "Cache=external needs CacheUrl"),
        (REDIS, "only Cache=external uses it"),
        (CLUSTER | REDIS, "only Cache=external uses it"),
        (SECRET, "only Cache=external uses it"),
        (CLUSTER | SUBNETS, "SubnetIds needs VpcId"),
        (SERVERLESS | VPC, "VpcId is set, but SubnetIds is not"),
        (CLUSTER | SUBNETS | VPC | GROUPS, "the stack makes the security groups itself"),
        (EXTERNAL | REDIS | SUBNETS, "SubnetIds needs SecurityGroupIds"),
        (EXTERNAL | REDIS | GROUPS, "SecurityGroupIds is set, but SubnetIds is not"),
        (SUBNETS | GROUPS, "without a cache no function needs a VPC"),
        (CERTIFICATE, "CdnCertificateArn needs CdnUrl"),
        (CERTIFICATE | NAME | {"Cdn": "disabled"}, "CdnCertificateArn needs Cdn=enabled"),
        (WEB_ACL | {"Cdn": "disabled"}, "WebAclArn needs Cdn=enabled"),
        ({"DirectReads": "refused", "Cdn": "disabled"}, "DirectReads=refused needs Cdn=enabled"),
        (ISSUER, "JwtIssuer needs JwtAudience"),
        (AUDIENCE, "JwtAudience is set, but JwtIssuer is not"),
        ({"JwtLinkScope": "images/link"}, "JwtLinkScope need JwtIssuer"),
    ],
)
def test_half_set_parameters_are_refused_with_a_sentence(given: dict[str, str], sentence: str) -> None:
    with pytest.raises(ParametersRefused, match=sentence):
        check(template(), given)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Cache", "redis"),
        ("CacheUrl", "localhost:6379"),
        ("CacheUrl", "none"),
        ("CacheUrl", " "),
        ("CacheUrl", "rediss://reader:secret@redis.example.com:6379"),
        ("CacheUrl", "https://redis.example.com"),
        ("CacheSecretArn", "my-secret"),
        ("CacheShards", "0"),
        ("CacheShards", "two"),
        ("CacheReplicas", "0"),
        ("CacheReplicas", "6"),
        ("CacheNodeType", "t4g.small"),
        ("CacheMaintenanceWindow", "Sunday"),
        ("CacheMaxGigabytes", "0"),
        ("CacheMaxEcpuPerSecond", "1"),
        ("VpcId", "default"),
        ("SubnetIds", "subnet-0a1b2c3d, subnet-1a1b2c3d"),
        ("SubnetIds", "subnet-0a1b2c3d,"),
        ("SecurityGroupIds", "default"),
        ("Cdn", "yes"),
        ("DirectReads", "no"),
        ("EdgeSecret", "mine"),
        ("CdnUrl", "images.example.com"),
        ("CdnUrl", "https://images.example.com/path"),
        ("CdnCertificateArn", "arn:aws:acm:eu-central-1:123456789012:certificate/1"),
        ("JwtIssuer", "login.example.com"),
        ("JwtIssuer", "http://login.example.com"),
        ("JwtAudience", "images, shop"),
        ("AlarmEmail", "ops"),
        ("WebAclArn", "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/images/0a1b"),
        ("ReadsPerSecond", "0"),
        ("WritesPerSecond", "0"),
        ("AccessLogs", "yes"),
        ("DeletionProtection", "true"),
        ("KmsKey", "yes"),
        ("KmsKey", "alias/images"),
        ("ReplacedOriginalDays", "0"),
        ("ReportDays", "0"),
        ("LogDays", "31"),
        ("LogLevel", "info"),
        ("WorkflowLogLevel", "INFO"),
        ("Tracing", "Active"),
        ("MaxBytes", "0"),
        ("MaxDecodeSeconds", "3600"),
        ("ResizeConcurrency", "-1"),
    ],
)
def test_nonsense_is_refused_by_the_parameters_own_constraints(name: str, value: str) -> None:
    with pytest.raises(ParametersRefused, match=f"^{name}="):
        check(template(), {name: value})


def test_no_parameter_is_a_secret() -> None:
    """`sam deploy --guided` asks for a NoEcho parameter again and again while the answer is empty."""
    assert [name for name, declared in template()["Parameters"].items() if "NoEcho" in declared] == []


def test_every_parameter_has_a_default_and_says_what_it_is() -> None:
    for name, declared in template()["Parameters"].items():
        assert "Default" in declared, name
        assert declared["Description"].endswith("."), name
