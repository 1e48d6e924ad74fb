"""The advice on an error."""

import pytest

import imageservice.core.errors
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


@pytest.mark.parametrize("name", ["CacheUnavailable", "StoreUnavailable", "RemovalIncomplete", "PlanInvalid"])
def test_every_error_that_fails_an_execution_is_known(name: str) -> None:
    assert hasattr(imageservice.core.errors, name)
    assert advice_on(name) is not advice_on("Something.Else")
