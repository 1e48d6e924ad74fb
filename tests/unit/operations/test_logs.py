"""The application's own calls in a stack trace, and which request an attempt made."""

import json
from datetime import UTC, datetime

import pytest

from imageservice_operator.operations.logs import frames, function_of, request_of
from imageservice_operator.operations.stories import Attempt

TRACE = """Traceback (most recent call last):
  File "/var/task/imageservice/adapters/logging.py", line 35, in run
    return handler(event, context)
           ^^^^^^^^^^^^^^^^^^^^^^^
  File "/var/task/resize/handler.py", line 23, in handler
    sized = bootstrap.sizer().make(source, event["digest"], resize)
  File "/var/task/imageservice/engine/decode.py", line 88, in decode
    image.load()
  File "/opt/python/lib/python3.13/site-packages/PIL/ImageFile.py", line 300, in load
    raise OSError("broken")
  File "/var/lang/lib/python3.13/threading.py", line 10, in run
OSError: broken
"""


def test_libraries_and_the_logging_itself_are_left_out() -> None:
    assert frames(TRACE) == ["resize/handler.py:23 in handler", "imageservice/engine/decode.py:88 in decode"]


@pytest.mark.parametrize("text", ["", "KeyError: 'a'", 'File "', "no trace\nat all"])
def test_what_is_no_stack_trace_has_no_frames(text: str) -> None:
    assert [frame for frame in frames(text) if frame.strip(": in")] == []


@pytest.mark.parametrize(
    ("output", "cause", "request_id"),
    [
        (json.dumps({"Payload": {}, "SdkResponseMetadata": {"RequestId": "one"}}), "", "one"),
        ("", json.dumps({"errorType": "KeyError", "requestId": "two"}), "two"),
        ("", "Sandbox.Timedout: no JSON", ""),
        ("[]", "7", ""),
        ("", "", ""),
    ],
    ids=["answered", "failed", "timed out", "of other kinds", "runs"],
)
def test_lambdas_answer_or_error_names_the_request(output: str, cause: str, request_id: str) -> None:
    attempt = Attempt(datetime(2026, 11, 26, tzinfo=UTC), output=output, cause=cause)
    assert request_of(attempt) == request_id


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("arn:aws:lambda:us-east-1:123456789012:function:shop-Resize-1", "shop-Resize-1"),
        ("arn:aws:lambda:us-east-1:123456789012:function:shop-Resize-1:7", "shop-Resize-1"),
        ("shop-Resize-1", "shop-Resize-1"),
        (None, ""),
    ],
)
def test_an_attempt_calls_a_function_of_any_version(name: str | None, function: str) -> None:
    parameters = json.dumps({"FunctionName": name} if name else {"TableName": "images"})
    assert function_of(Attempt(datetime(2026, 11, 26, tzinfo=UTC), parameters)) == function
