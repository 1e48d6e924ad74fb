"""The signatures of a reader's own requests, beside those of botocore."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import botocore.auth
import pytest
from botocore.auth import S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from imageservice.adapters import presigning
from imageservice.adapters.sigv4 import AwsCredentials, Signer, endpoint_of

AT = datetime(2026, 11, 25, 23, 59, 59, tzinfo=UTC)
HEADERS = {
    "content-type": "application/x-amz-json-1.0",
    "host": "localhost:4566",
    "x-amz-target": "DynamoDB_20120810.GetItem",
}


@given(body=st.binary(max_size=200), session=st.text("abcXYZ019+/=", max_size=60))
def test_a_request_is_signed_as_botocore_would(body: bytes, session: str) -> None:
    role = AwsCredentials("ASIAEXAMPLE", "secret/with+signs=", session, "eu-central-1")
    request = AWSRequest("POST", "http://localhost:4566/", headers=HEADERS, data=body)
    keys = Credentials(role.access_key_id, role.secret_access_key, session or None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.auth, "get_current_datetime", lambda: AT.replace(tzinfo=None))
        SigV4Auth(keys, "dynamodb", role.region).add_auth(request)
    signed = Signer(role, "dynamodb", AT).signed_headers(HEADERS, body)
    assert signed == {name.lower(): value for name, value in request.headers.items()}


@pytest.mark.parametrize(
    ("environment", "endpoint"),
    [
        ({"AWS_REGION": "eu-central-1"}, "https://dynamodb.eu-central-1.amazonaws.com"),
        ({"AWS_DEFAULT_REGION": "cn-north-1"}, "https://dynamodb.cn-north-1.amazonaws.com.cn"),
        ({"AWS_REGION": "r", "AWS_ENDPOINT_URL": "http://all"}, "http://all"),
        (
            {"AWS_REGION": "r", "AWS_ENDPOINT_URL": "http://all", "AWS_ENDPOINT_URL_DYNAMODB": "http://one"},
            "http://one",
        ),
    ],
    ids=["region", "China", "one for all", "its own"],
)
def test_the_address_is_the_regions_or_the_environments(environment: dict[str, str], endpoint: str) -> None:
    assert endpoint_of("dynamodb", environment) == endpoint


@settings(deadline=None)  # the first call imports what botocore signs with
@given(key=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
@pytest.mark.parametrize("endpoint", ["", "http://localhost:4566"], ids=["AWS", "one address for all"])
def test_a_link_is_presigned_as_botocore_would(endpoint: str, key: str) -> None:
    role = {"AWS_ACCESS_KEY_ID": "ASIA", "AWS_SECRET_ACCESS_KEY": "a/b+", "AWS_SESSION_TOKEN": "c=="}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**role, "AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL": endpoint}.items():
            patch.setenv(name, value)
        patch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
        presigning._presigned.cache_clear()
        ours = presigning.presigned_link("bucket", key)
        sent_at = parse_qs(urlsplit(ours).query)["X-Amz-Date"][0]
        moment = datetime.strptime(f"{sent_at}+0000", "%Y%m%dT%H%M%SZ%z").replace(tzinfo=None)
        patch.setattr(botocore.auth, "get_current_datetime", lambda: moment)
        request = AWSRequest("GET", ours.partition("?")[0])
        S3SigV4QueryAuth(Credentials(*role.values()), "s3", "eu-central-1", expires=3600).add_auth(request)
    assert urlsplit(ours).path == urlsplit(str(request.url)).path
    assert parse_qs(urlsplit(ours).query) == parse_qs(urlsplit(str(request.url)).query)
