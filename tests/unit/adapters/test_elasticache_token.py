"""ElastiCache's IAM tokens, beside those that botocore signs."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlencode, urlsplit

import botocore.auth
import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from imageservice.adapters.elasticache_token import elasticache_token
from imageservice.adapters.sigv4 import AwsCredentials

AT = datetime(2026, 11, 25, 23, 59, 59, tzinfo=UTC)
ROLE = AwsCredentials("ASIAEXAMPLE", "secret/with+signs=", "session//token+==", "eu-central-1")
NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=40)


def parameters(token: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(f"http://{token}").query, strict_parsing=True)


def signed_by_botocore(
    cache: str, user: str, role: AwsCredentials, *, serverless: bool
) -> dict[str, list[str]]:
    query = {"Action": "connect", "User": user}
    if serverless:
        query["ResourceType"] = "ServerlessCache"
    request = AWSRequest("GET", f"http://{cache}/?{urlencode(query)}")
    keys = Credentials(role.access_key_id, role.secret_access_key, role.session_token or None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.auth, "get_current_datetime", lambda: AT.replace(tzinfo=None))
        SigV4QueryAuth(keys, "elasticache", role.region, expires=900).add_auth(request)
    return parse_qs(urlsplit(str(request.url)).query, strict_parsing=True)


@given(cache=NAMES, user=NAMES, serverless=st.booleans(), session=st.text("abcXYZ019+/=", max_size=60))
def test_a_token_is_what_botocore_would_sign(cache: str, user: str, serverless: bool, session: str) -> None:
    role = AwsCredentials(ROLE.access_key_id, ROLE.secret_access_key, session, ROLE.region)
    token = elasticache_token(cache, user, role, serverless=serverless, now=lambda: AT)
    assert parameters(token) == signed_by_botocore(cache, user, role, serverless=serverless)


def test_a_token_has_no_scheme_since_elasticache_wants_none() -> None:
    token = elasticache_token("images", "reader", ROLE, serverless=True, now=lambda: AT)
    assert token.startswith("images/?Action=connect&ResourceType=ServerlessCache&User=reader&X-Amz-")


def test_a_later_token_is_another_one() -> None:
    first, second = (
        elasticache_token(
            "images", "reader", ROLE, serverless=False, now=lambda second=second: AT.replace(second=second)
        )
        for second in (1, 2)
    )
    assert first != second


def test_the_keys_are_those_that_lambda_gives_the_function() -> None:
    environment = {
        "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret/with+signs=",
        "AWS_SESSION_TOKEN": "session//token+==",
        "AWS_REGION": "eu-central-1",
    }
    assert AwsCredentials.from_environment(environment) == ROLE
