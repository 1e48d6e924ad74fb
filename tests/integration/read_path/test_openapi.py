"""docs/openapi.yaml is true: API and edge answer all requests that Schemathesis generates from it as it says."""

from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from read_world import Writes
from schemathesis.specs.openapi.checks import (
    ignored_auth,
    negative_data_rejection,
    positive_data_acceptance,
    use_after_free,
)
from signed import Signed
from waiting import HANG_S

from imageservice_operator.operations.stack import Stack

SCHEMA = schemathesis.openapi.from_path(Path(__file__).parents[3] / "docs" / "openapi.yaml")
# An id may be any text and unknown parameters are ignored, so few requests are refused for their form; a well-formed
# id may still belong to no image. When Schemathesis
# spoils a signature, the request is signed again here: another test checks that every write needs a signature.
NOT_PROMISED = [negative_data_rejection, positive_data_acceptance, ignored_auth]
REPEATABLE: Any = {"deadline": None, "derandomize": True, "suppress_health_check": list(HealthCheck)}
STATES = {
    "openapi/ready": "READY",
    "openapi/processing": "PROCESSING",
    "openapi/failed": "FAILED",
    "openapi/rejected": "REJECTED",
    "openapi/deleted": "DELETED",
}


@pytest.fixture(scope="module")
def images(stack: Stack) -> None:
    """One image in each state."""
    dynamodb, table = stack.client("dynamodb"), stack.outputs["ImageTableName"]
    writes = Writes(dynamodb, table)
    for image_id, status in STATES.items():
        assert writes.register(image_id, 1)
        if status == "READY":
            assert writes.record(image_id, 1)
        elif status == "DELETED":
            assert writes.mark_deleted(image_id, 2)
        elif status != "PROCESSING":
            error = {"M": {"name": {"S": "ImageRejected"}, "cause": {"S": "This is no image."}}}
            dynamodb.update_item(
                TableName=table,
                Key={"id": {"S": image_id}},
                UpdateExpression="SET #status = :status, #error = :error",
                ExpressionAttributeNames={"#status": "status", "#error": "error"},
                ExpressionAttributeValues={":status": {"S": status}, ":error": error},
            )


@SCHEMA.parametrize()
@settings(max_examples=30, **REPEATABLE)
def test_every_call_answers_as_documented(case: schemathesis.Case, stack: Stack) -> None:
    auth = Signed(stack) if case.operation.tags == ["write"] else None
    case.call_and_validate(
        base_url=stack.outputs["ApiUrl"], auth=auth, excluded_checks=NOT_PROMISED, timeout=HANG_S
    )


@SCHEMA.include(tag="read").parametrize()
@settings(max_examples=12, **REPEATABLE)
@pytest.mark.parametrize("entrance", ["ApiUrl", "CdnUrl"])
@pytest.mark.parametrize("image_id", STATES)
def test_every_state_of_an_image_answers_as_documented(
    case: schemathesis.Case, stack: Stack, images: None, image_id: str, entrance: str
) -> None:
    case.path_parameters["id"] = image_id
    answer = case.call_and_validate(
        base_url=stack.outputs[entrance], excluded_checks=NOT_PROMISED, timeout=HANG_S
    )
    assert answer.status_code != 503


def test_a_client_that_follows_the_links_is_answered_as_documented(stack: Stack) -> None:
    """Uploads, states, metadata, images and deletions in any order that the document's links allow."""

    class Client(SCHEMA.as_state_machine()):  # type: ignore[misc]  # a class made at run time
        def get_call_kwargs(self, case: schemathesis.Case) -> dict[str, Any]:
            return {
                "base_url": stack.outputs["ApiUrl"],
                "auth": Signed(stack) if case.operation.tags == ["write"] else None,
                "allow_redirects": False,
                "timeout": HANG_S,
            }

        def validate_response(self, response: Any, case: schemathesis.Case, **more: Any) -> None:
            # A deletion is accepted at once, and over a moment later.
            excluded = [*NOT_PROMISED, use_after_free]
            case.validate_response(response, excluded_checks=excluded, recorder=self.recorder)

    run_state_machine_as_test(Client, settings=settings(max_examples=8, stateful_step_count=6, **REPEATABLE))


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/uploads"), ("PUT", "/images/a.jpg"), ("DELETE", "/images/a.jpg")]
)
def test_every_write_requires_a_signature(stack: Stack, method: str, path: str) -> None:
    answer = requests.request(method, stack.url(path), data=b"x", timeout=HANG_S)
    assert answer.status_code == 403
    assert set(answer.json()) & {"message", "Message"}
