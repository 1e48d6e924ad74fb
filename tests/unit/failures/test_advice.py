"""The advice on an error."""

from http import HTTPStatus

import pytest

from imageservice.core import errors
from imageservice.failures.advice import advice_on


@pytest.mark.parametrize(
    ("name", "cause", "word"),
    [
        ("CacheUnavailable", "Redis: ConnectionError: refused", "Redis"),
        ("DynamoDB.AccessDeniedException", "not authorized to perform: dynamodb:UpdateItem", "permission"),
        ("StoreUnavailable", "reading failed: An error occurred (AccessDeniedException)", "permission"),
        ("ClientError", "An error occurred (AccessDenied) when calling PutObject", "permission"),
        ("StoreUnavailable", "reading failed: ProvisionedThroughputExceededException", "--rate"),
        ("Lambda.TooManyRequestsException", "Rate Exceeded.", "--rate"),
        ("Sandbox.Timedout", "Task timed out after 120.00 seconds", "time"),
        ("Runtime.OutOfMemory", "signal: killed", "MemorySize"),
        ("Runtime.ExitError", "signal: killed", "MemorySize"),
        ("Runtime.ImportModuleError", "No module named 'PIL'", "sam build"),
        ("Lambda.ResourceNotFoundException", "Function not found", "Deploy"),
        ("States.QueryEvaluationError", "undefined", "--new-execution"),
        ("OSError", "[Errno 28] No space left on device", "free some space"),
        (
            "StoreUnavailable",
            "An error occurred (InternalError): [Errno 28] No space left on device",
            "free some space",
        ),
        ("OSError", "[Errno 24] Too many open files", "ulimit"),
        ("PlanInvalid", "sizes: []", "RenditionPlan"),
        ("KeyError", "'sizes'", "logs"),
        ("ZeroDivisionError", "division by zero\nsecond line", "logs"),
        ("Something.Else", "", "history"),
    ],
)
def test_remedy_names_what_to_touch(name: str, cause: str, word: str) -> None:
    assert word in advice_on(name, cause).remedy


def test_a_rejected_image_is_not_to_be_replayed() -> None:
    assert not advice_on("ImageRejected", "too large").replay


def operational_errors() -> list[str]:
    """All but those that only tell a client of the API what is wrong with its request."""
    return [
        name
        for name, error in vars(errors).items()
        if isinstance(error, type)
        and issubclass(error, Exception)
        and error is not errors.Problem
        and (
            not issubclass(error, errors.Problem)
            # What a deployment does not offer, no workflow asks for.
            or HTTPStatus.INTERNAL_SERVER_ERROR <= error.status != HTTPStatus.NOT_IMPLEMENTED
            or error is errors.ImageRejected
        )
    ]


def test_the_operational_errors_are_found() -> None:
    assert {"ImageRejected", "StoreUnavailable", "CacheUnavailable"} < set(operational_errors())
    assert not {"ImageUnknown", "RequestInvalid"} & set(operational_errors())


@pytest.mark.parametrize("name", operational_errors())
def test_every_operational_error_has_advice_of_its_own(name: str) -> None:
    general = (advice_on("Something.Else"), advice_on("SomeError"), advice_on("SomethingInvalid"))
    assert advice_on(name) not in general
