"""Every name in an ErrorEquals is one that something can raise: a misspelled one would never match."""

import re

import botocore.session
import pytest

import imageservice.core.errors
from dev.checks.machines import all_states
from imageservice.failures.failed_execution import REJECTED

# docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
STATES_LANGUAGE = {
    f"States.{name}"
    for name in (
        "ALL BranchFailed DataLimitExceeded ExceedToleratedFailureThreshold HeartbeatTimeout Http.Socket "
        "IntrinsicFailure ItemReaderFailed NoChoiceMatched Permissions QueryEvaluationError ResultWriterFailed "
        "Runtime TaskFailed Timeout"
    ).split()
}
# docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html and connect-lambda.html
LAMBDA = {
    *(
        f"Lambda.{name}"
        for name in "AWSLambdaException ClientExecutionTimeoutException SdkClientException ServiceException "
        "TooManyRequestsException Unknown".split()
    ),
    "Sandbox.Timedout",
    "Runtime.ExitError",
    "Runtime.OutOfMemory",
}
# An optimized integration writes DynamoDB, an AWS SDK integration DynamoDb.
SERVICES = {
    "DynamoDB": "dynamodb",
    "CloudFront": "cloudfront",
    "S3": "s3",
    "Sfn": "stepfunctions",
    "StepFunctions": "stepfunctions",
}


def named_errors() -> list[tuple[str, str, str]]:
    """Each name with the state's path and the resource that it calls."""
    return [
        (state.path, state.body.get("Resource", ""), name)
        for state in all_states()
        for rule in state.body.get("Retry", []) + state.body.get("Catch", [])
        for name in rule["ErrorEquals"]
    ]


def own_errors() -> set[str]:
    return {
        name
        for name, value in vars(imageservice.core.errors).items()
        if isinstance(value, type) and issubclass(value, Exception)
    }


def is_error_of_service(name: str, resource: str) -> bool:
    prefix, _, error = name.partition(".")
    service = SERVICES.get(prefix)
    if (
        service is None
        or not error.endswith("Exception")
        or f":{service}:"
        not in resource.replace(":sfn:", ":stepfunctions:").replace(":::states:", ":stepfunctions:")
    ):
        return False
    model = botocore.session.get_session().get_service_model(service)
    shapes = {shape.name for shape in model.error_shapes}
    return error in shapes or error.removesuffix("Exception") in shapes


@pytest.mark.parametrize(("state", "resource", "name"), sorted(set(named_errors())))
def test_error_name_is_a_class_of_ours_or_a_documented_one(state: str, resource: str, name: str) -> None:
    documented = STATES_LANGUAGE | LAMBDA
    assert name in own_errors() | documented or is_error_of_service(name, resource)


def test_a_rejected_image_ends_its_workflow_under_the_name_of_its_class() -> None:
    ends = {state.body["Error"] for state in all_states() if state.path == "ProcessImage / Image rejected"}
    assert ends == {imageservice.core.errors.ImageRejected.__name__} == {REJECTED}


def test_no_state_waits_for_a_rejection_as_an_error() -> None:
    """A function returns it, so that Lambda counts no error."""
    assert REJECTED not in {name for _, _, name in named_errors()}


def test_the_tree_in_the_docstring_is_that_of_the_classes_and_their_statuses() -> None:
    """Each line: how deep, which class, and at its end the status that the HTTP API answers it with."""
    errors = imageservice.core.errors
    drawn = re.findall(r"^ {4}([│├└─ ]+)(\w+) .*?( [0-9]{3})?$", errors.__doc__ or "", re.MULTILINE)
    assert {name for _, name, _ in drawn} == own_errors()
    parents: list[type] = [Exception]
    for branch, name, status in drawn:
        depth = len(branch) // 4
        error = getattr(errors, name)
        assert error.__base__ is parents[depth - 1], name
        assert [str(int(error.status))] == status.split() if hasattr(error, "status") else not status, name
        parents[depth:] = [error]
