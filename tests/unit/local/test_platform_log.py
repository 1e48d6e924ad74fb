"""What Lambda itself logs about an invocation, by the function's SystemLogLevel."""

import json
from typing import Any

import pytest

from local.lambda_runtime.platform_log import framed
from local.lambda_runtime.worker import Outcome

OWN = json.dumps({"level": "INFO", "message": "read"})


def kinds(level: str | None, **ended: Any) -> list[str]:
    """The types of the lines, "own" for the function's."""
    config = {"LoggingConfig": {"LogFormat": "JSON", **({"SystemLogLevel": level} if level else {})}}
    outcome = Outcome(**{"payload": None, "is_error": False, "log": OWN, "reusable": True, **ended})
    lines = framed(config, "request", outcome).splitlines()
    return [json.loads(line).get("type", "own") for line in lines]


@pytest.mark.parametrize("level", [None, "INFO"])
def test_a_success_is_one_line_between_lambdas_two(level: str | None) -> None:
    assert kinds(level) == ["platform.start", "own", "platform.report"]


def test_at_warn_a_success_is_the_functions_own_line_alone() -> None:
    assert kinds("WARN") == ["own"]
    assert kinds("WARN", log="") == []


@pytest.mark.parametrize("ended", [{"is_error": True}, {"is_error": True, "timed_out": True}])
def test_at_warn_a_failure_is_still_reported(ended: dict[str, bool]) -> None:
    assert kinds("WARN", **ended) == ["own", "platform.report"]
