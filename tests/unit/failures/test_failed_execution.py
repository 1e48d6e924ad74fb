"""What the end of an execution says about its failure."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from imageservice.failures.failed_execution import NotAnUpload, failed_execution, failure_of, message_in

EVENT = {
    "detail-type": "Object Created",
    "detail": {
        "bucket": {"name": "originals"},
        "object": {"key": "a+b%20é.jpg", "size": 7, "etag": "e", "version-id": "v", "sequencer": "1F"},
    },
}


def test_cause_is_the_message_that_lambda_wrapped() -> None:
    cause = json.dumps(
        {"errorMessage": "Redis is gone", "errorType": "CacheUnavailable", "stackTrace": ["x"]}
    )
    assert message_in(cause) == "Redis is gone"


def test_cause_of_a_function_that_timed_out_is_without_its_request_id() -> None:
    cause = json.dumps(
        {
            "errorType": "Sandbox.Timedout",
            "errorMessage": "RequestId: 1-2 Error: Task timed out after 3.00 seconds",
        }
    )
    assert message_in(cause) == "Task timed out after 3.00 seconds"


@pytest.mark.parametrize("cause", ["no JSON at all", "[1]", '"text"'])
def test_any_other_cause_is_kept_as_it_is(cause: str) -> None:
    assert message_in(cause) == cause


def test_a_long_cause_is_cut() -> None:
    assert len(message_in("x" * 5000)) == 1000


def test_a_timed_out_execution_has_a_name_and_a_cause() -> None:
    assert failure_of("TIMED_OUT", None, None)["name"] == "States.Timeout"
    assert failure_of("TIMED_OUT", None, None)["cause"]


def test_a_stopped_execution_has_a_name_and_a_cause() -> None:
    assert failure_of("ABORTED", None, None) == {
        "name": "Stopped",
        "cause": "An operator stopped the workflow.",
    }


def described(**others: Any) -> dict[str, Any]:
    return {
        "executionArn": "arn",
        "status": "FAILED",
        "error": "E",
        "cause": "c",
        "input": json.dumps(EVENT),
        **others,
    }


def test_a_failed_execution_has_its_upload_and_its_failure() -> None:
    failed = failed_execution(described(redriveCount=2))
    assert (failed.upload.id, failed.redrives, failed.workflow) == ("a+b%20é.jpg", 2, "ProcessImage")
    assert failed.failure == {"name": "E", "cause": "c"}


def test_an_event_and_a_description_have_the_same_time() -> None:
    moment = datetime(2026, 11, 22, 12, tzinfo=UTC)
    milliseconds = int(moment.timestamp() * 1000)
    assert failed_execution(described(stopDate=milliseconds)).stopped == moment
    assert failed_execution(described(stopDate=moment)).stopped == moment


def test_a_rejected_image_is_no_incident() -> None:
    assert not failed_execution(described(error="ImageRejected")).is_incident


@pytest.mark.parametrize("given", [None, "", "{}", '"text"', "[1]", '{"detail": {"object": 1}}'])
def test_an_execution_that_was_started_by_hand_is_recognized(given: str | None) -> None:
    with pytest.raises(NotAnUpload, match="no event of an upload"):
        failed_execution(described(input=given))
