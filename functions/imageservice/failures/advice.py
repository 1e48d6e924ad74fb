"""What an error means for the operator, and what to do about it, by the error's name and cause."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Advice:
    """`meaning` says what happened, `remedy` what to do; `replay` whether a replay helps once that is done."""

    meaning: str
    remedy: str
    replay: bool = True


_REJECTED = Advice(
    "The image is bad, and its uploader can see why. Not an incident.",
    "Nothing; the uploader sends another. If a limit was too tight, raise it (MaxBytes, MaxPixels, MaxFramePixels) and"
    " reprocess the image with --force.",
    replay=False,
)
_DENIED = Advice(
    "A role may not do what the step needs.",
    "Give the permission back: the cause names the role and the action. Deploying the template again restores all of"
    " its roles; then replay.",
)
_DEFINITION = Advice(
    "The workflow's own definition has a mistake.",
    "Correct the state machine and deploy it. A redrive runs the old definition: replay with --new-execution.",
)
_DEPLOYMENT = Advice(
    "The function's code can't be loaded: its artifact is incomplete or its handler is misnamed.",
    "Build and deploy again (sam build && sam deploy), then replay.",
)
_SPENT = Advice(
    "A step took longer than it may.",
    "If many images are hit, something is slow or hangs: look at the function's logs and at what it calls. If it is one"
    " image, give the function more memory (with it comes more processor) or time. Then replay.",
)
_THROTTLED = Advice(
    "AWS was asked for more at once than it allows here.",
    "Wait until the load is over, or have the quota raised; then replay, slowly if there are many (--rate).",
)
_TRANSIENT = Advice(
    "An AWS service failed for longer than the retries lasted.",
    "Look at the service's health page; when it is well again, replay.",
)

# The first whose pattern matches "name: cause" wins. Sources: docs.aws.amazon.com/step-functions/latest/dg/
# concepts-error-handling.html, docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html
_KNOWN: tuple[tuple[str, Advice], ...] = (
    (r"ImageRejected:", _REJECTED),
    (
        r"CacheUnavailable:|redis\.|(Connection|Timeout|BusyLoading|ClusterDown)Error:.*(?i:redis)",
        Advice(
            "Redis can't be reached, or doesn't answer in time.",
            "Check that Redis runs, and that the functions' subnets and security groups reach it. With"
            " Cache=external, check CacheUrl and CacheSecretArn too. Then replay. Readers are served from DynamoDB"
            " meanwhile.",
        ),
    ),
    (r".*(AccessDenied|AccessDeniedException|not authorized to perform|UnauthorizedOperation)", _DENIED),
    (r".*(Throttl|TooManyRequests|ProvisionedThroughputExceeded|RequestLimitExceeded|SlowDown)", _THROTTLED),
    (r"StoreUnavailable:", _TRANSIENT),
    (r"CloudFront\.TooManyInvalidationsInProgress", _THROTTLED),
    (
        r"(Runtime\.OutOfMemory|Runtime\.ExitError|MemoryError):",
        Advice(
            "The function ran out of memory, or crashed.",
            "Give ResizeFunction more MemorySize in template.yaml and deploy, or lower MaxPixels; then replay.",
        ),
    ),
    (
        r"(Sandbox\.Timedout|States\.Timeout|States\.HeartbeatTimeout|Lambda\.ClientExecutionTimeoutException)",
        _SPENT,
    ),
    (r"Runtime\.|ImportModuleError|HandlerNotFound|UserCodeSyntaxError", _DEPLOYMENT),
    (
        r"Lambda\.ResourceNotFoundException|.*(NoSuchBucket|ResourceNotFoundException|QueueDoesNotExist)",
        Advice(
            "Something that the workflow needs is not there: a function, a bucket, a table.",
            "Deploy the template again, which makes what is missing; then replay.",
        ),
    ),
    (
        r"PlanInvalid:",
        Advice(
            "The rendition plan in the deployment is not usable.",
            "Correct the parameter RenditionPlan (the cause names the place) and deploy; then replay.",
        ),
    ),
    (
        r"States\.(Runtime|QueryEvaluationError|DataLimitExceeded|NoChoiceMatched|IntrinsicFailure)",
        _DEFINITION,
    ),
    (r"RemovalIncomplete:", _TRANSIENT),
    (r"Stopped:", Advice("The workflow was stopped by hand.", "If it should go on after all, replay.")),
    (
        r"WorkflowLost:",
        Advice(
            "The image waits for a workflow that ended without marking it, or that Step Functions no longer knows.",
            "Replay: a new workflow starts from the stored upload.",
        ),
    ),
    (r"Lambda\.", _TRANSIENT),
    (
        r"[A-Z]\w*(Error|Exception|Interrupt|Iteration|Unsupported|Invalid):",
        Advice(
            "A bug in a function's code, or something it did not expect.",
            "Look at the function's logs for the stack trace, correct the code and deploy; then replay.",
        ),
    ),
)
_OTHER = Advice(
    "An error that this table does not know.",
    "Look at the execution's history for the state that failed and its cause; when that is put right, replay.",
)


def advice_on(name: str, cause: str = "") -> Advice:
    """What is known about the error `name` with its `cause`, as failed_execution.message_in reads it."""
    text = f"{name}: {cause}"
    return next((advice for pattern, advice in _KNOWN if re.match(pattern, text, re.DOTALL)), _OTHER)
