"""images link: lifetimes and choices that no link can have end the command before a link is signed."""

import json
from functools import partial
from io import BytesIO
from typing import Any

import pytest

from imageservice_operator.operations.errors import BadRequest, OperationFailed
from imageservice_operator.operations.links import sign
from imageservice_operator.operations.moments import duration
from imageservice_operator.operations.stack import Stack


class Function:
    """UploadsFunction with this answer, and who calls it; it keeps the event that it gets."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        self._answer = {"statusCode": status, "body": json.dumps(body)}
        self.event: dict[str, Any] = {}

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 - boto3's names
        assert FunctionName == "uploads"
        self.event = json.loads(Payload)
        return {"Payload": BytesIO(json.dumps(self._answer).encode())}

    def get_caller_identity(self) -> dict[str, str]:
        return {"Arn": "arn:aws:iam::1:user/ann"}


def stack(function: Function, **outputs: str) -> Stack:
    given = {"UploadsFunctionArn": "uploads", "ApiUrl": "https://api.example", **outputs}
    return Stack("images", "us-east-1", given, lambda _: function)


SIGNED = Function(201, {"id": "a", "url": "https://cdn.example/signed/images/a", "expires_at": "2026"})


@pytest.mark.parametrize("expires", ["0s", "0.5s", "8d", "604801s", "999999w"])
def test_a_lifetime_beyond_the_limits_is_refused(expires: str) -> None:
    with pytest.raises(BadRequest, match="1 s to 7 d"):
        sign(stack(SIGNED), "a", duration(expires), {})


@pytest.mark.parametrize("expires", ["", "1 hour", "-1h", "1h30", "inf", "1e9s", "٣h"])
def test_a_lifetime_needs_a_number_and_a_unit_that_is_known(expires: str) -> None:
    with pytest.raises(BadRequest, match="30s, 10min or 2h"):
        duration(expires)


def test_the_function_gets_the_choice_the_cdn_and_that_an_operator_asks() -> None:
    sign(stack(SIGNED, CdnUrl="https://cdn.example"), "a", 60, {"w": "300"})
    assert SIGNED.event["operator"] == "https://api.example"
    assert SIGNED.event["who"].startswith("arn:aws:iam::1:user/ann (")
    assert SIGNED.event["stageVariables"] == {"cdn": "https://cdn.example"}
    assert json.loads(SIGNED.event["body"]) == {"id": "a", "expires": 60, "w": "300"}


@pytest.mark.parametrize(
    ("status", "error"), [(400, BadRequest), (501, OperationFailed), (503, OperationFailed)]
)
def test_a_refusal_is_the_functions_own_sentence(status: int, error: type[Exception]) -> None:
    asking = partial(sign, stack(Function(status, {"detail": "Because."})), "a", 60, {})
    with pytest.raises(error, match="Because"):
        asking()
