"""What waits in a dead-letter queue."""

import json

from imageservice_operator.operations.dead_letters import letter_of

UPLOADED = {
    "id": "1",
    "detail": {"bucket": {"name": "originals"}, "object": {"key": "a+b%20é.jpg", "sequencer": "5"}},
}
FAILED = {"detail": {"executionArn": "arn", "status": "FAILED", "input": json.dumps(UPLOADED)}}


def test_an_undelivered_event_tells_its_image_and_why() -> None:
    attributes = {"ERROR_CODE": "NO_PERMISSIONS", "ERROR_MESSAGE": "not allowed"}
    letter = letter_of("uploads", "m", "r", json.dumps(UPLOADED), attributes)
    assert (letter.image_id, letter.error_code, letter.error_message) == (
        "a+b%20é.jpg",
        "NO_PERMISSIONS",
        "not allowed",
    )


def test_a_failure_tells_the_image_of_its_execution() -> None:
    assert letter_of("failures", "m", "r", json.dumps(FAILED), {}).image_id == "a+b%20é.jpg"


def test_what_record_failure_could_not_record_is_unwrapped() -> None:
    record = {
        "requestContext": {"condition": "RetriesExhausted"},
        "requestPayload": FAILED,
        "responsePayload": {"errorMessage": "the table is gone"},
    }
    letter = letter_of("failures", "m", "r", json.dumps(record), {})
    assert (letter.event, letter.error_code, letter.error_message) == (
        FAILED,
        "RetriesExhausted",
        "the table is gone",
    )


def test_what_is_about_no_image_is_said_to_be_so() -> None:
    assert letter_of("failures", "m", "r", json.dumps({"detail": {"input": "rubbish"}}), {}).image_id is None
