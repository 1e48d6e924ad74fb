"""What an execution's end tells."""

import json

import pytest

from imageservice.failures.failed_execution import failed_execution, failure_of, plain_cause, upload_of

EVENT = {
    "detail-type": "Object Created",
    "detail": {
        "bucket": {"name": "originals"},
        "object": {"key": "a+b%20é.jpg", "size": 7, "etag": "e", "version-id": "v", "sequencer": "1F"},
    },
}


def test_upload_is_read_from_the_event_with_its_raw_key() -> None:
    assert upload_of(EVENT).id == "a+b%20é.jpg"


def test_sequencer_is_padded() -> None:
    assert upload_of(EVENT).sequencer == "1F".rjust(32, "0")


def test_record_of_a_deletion_says_nothing_of_a_size() -> None:
    event = {"detail": {"bucket": {"name": "b"}, "object": {"key": "k", "sequencer": "1"}}}
    assert upload_of(event).record() == {"bucket": "b", "key": "k"}


def test_cause_is_the_message_that_lambda_wrapped() -> None:
    cause = json.dumps(
        {"errorMessage": "Redis is gone", "errorType": "CacheUnavailable", "stackTrace": ["x"]}
    )
    assert plain_cause(cause) == "Redis is gone"


def test_cause_of_a_function_that_timed_out_is_without_its_request_id() -> None:
    cause = json.dumps(
        {
            "errorType": "Sandbox.Timedout",
            "errorMessage": "RequestId: 1-2 Error: Task timed out after 3.00 seconds",
        }
    )
    assert plain_cause(cause) == "Task timed out after 3.00 seconds"


@pytest.mark.parametrize("cause", ["no JSON at all", "[1]", '"text"'])
def test_any_other_cause_is_kept_as_it_is(cause: str) -> None:
    assert plain_cause(cause) == cause


def test_a_long_cause_is_cut() -> None:
    assert len(plain_cause("x" * 5000)) == 1000


def test_a_timed_out_execution_has_a_name_and_a_cause() -> None:
    assert failure_of("TIMED_OUT", None, None)["name"] == "States.Timeout"
    assert failure_of("TIMED_OUT", None, None)["cause"]


def test_a_stopped_execution_has_a_name_and_a_cause() -> None:
    assert failure_of("ABORTED", None, None) == {"name": "Stopped", "cause": "Somebody stopped the workflow."}


def test_a_rejected_image_is_no_incident() -> None:
    failed = failed_execution("arn", 0, "FAILED", "ImageRejected", "too large", json.dumps(EVENT))
    assert not failed.is_incident


@pytest.mark.parametrize("given", ["", "{}", '"text"', "[1]", '{"detail": {"object": 1}}'])
def test_an_execution_that_somebody_started_by_hand_is_told_apart(given: str) -> None:
    with pytest.raises(ValueError, match="no event of an upload"):
        failed_execution("arn", 0, "FAILED", "E", "c", given)
