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
    "Nothing; the uploader can send another. If a limit is too low, raise it (MaxBytes, MaxPixels, MaxFramePixels) and"
    " reprocess the image with --force.",
    replay=False,
)
_DENIED = Advice(
    "A role lacks a permission that the step needs.",
    "Restore the permission; the cause names the role and the action. Deploying the template again restores all of"
    " its roles. Then replay.",
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
    "A step took longer than its time limit.",
    "If it hit many images, something is slow or hangs: look at the function's logs and at what it calls. If it hit one"
    " image, give the function more memory (which also gives it more CPU) or more time. Then replay.",
)
_THROTTLED = Advice(
    "AWS throttled a call, because of a rate limit or a quota.",
    "Wait until the load is over, or have the quota raised. Then replay; if there are many, slowly (--rate).",
)
_TRANSIENT = Advice(
    "An AWS service failed for longer than the retries lasted.",
    "Look at the service's health page. When the service has recovered, replay.",
)

# The first whose pattern matches "name: cause" wins. Sources: docs.aws.amazon.com/step-functions/latest/dg/
# concepts-error-handling.html, docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html
_KNOWN: tuple[tuple[str, Advice], ...] = (
    (r"ImageRejected:", _REJECTED),
    (
        r"CacheSwitching:",
        Advice(
            "The stack changed to another cache, and readers could still use the last one.",
            "Wait until the stack's update has ended, and a minute more; then replay.",
        ),
    ),
    (
        r"PurgeIncomplete:",
        Advice(
            "The image is private now, but CloudFront could not be purged: it may still have the public files.",
            "Look at CloudFront's health page, and at the number of purges in progress (3,000 at most). Then replay:"
            " the replay purges again.",
        ),
    ),
    (
        r"CacheUnavailable:|redis\.|(Connection|Timeout|BusyLoading|ClusterDown)Error:.*(?i:redis)",
        Advice(
            "Redis can't be reached, or doesn't answer in time.",
            "Check that Redis runs, and that the functions' subnets and security groups reach it. With"
            " Cache=external, check CacheUrl and CacheSecretArn too. Then replay. Readers are served from DynamoDB"
            " meanwhile.",
        ),
    ),
    (
        r".*(Errno 28|No space left on device|ENOSPC)",
        Advice(
            "The disk is full.",
            "On this machine, free some space (the stack's terminal says where it writes). On AWS, a function's /tmp is"
            " full: give it more EphemeralStorage. Then replay.",
        ),
    ),
    (
        r".*(Errno 2[34]\b|Too many open files)",
        Advice(
            "A process has as many files and sockets open as its system permits.",
            "On this machine, raise the limit (ulimit -n 10240) and start the stack again. On AWS, a function leaks"
            " connections: look at what it calls. Then replay.",
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
        r"CallLost:",
        Advice(
            "ResizeFunction never answered: it ran out of memory or time, or it cannot start.",
            "Its log says which. Give it more MemorySize in template.yaml, lower MaxPixels, or deploy code that starts."
            " Then replay.",
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
            "Something that the workflow needs does not exist: a function, a bucket, a table.",
            "Deploy the template again, which creates what is missing. Then replay.",
        ),
    ),
    (
        r"PlanInvalid:",
        Advice(
            "The deployment's rendition plan is invalid.",
            "Correct the parameter RenditionPlan: the cause names the place, and images plan check FILE checks the"
            " whole plan. Deploy. Then replay.",
        ),
    ),
    (
        r"States\.(Runtime|QueryEvaluationError|DataLimitExceeded|NoChoiceMatched|IntrinsicFailure)",
        _DEFINITION,
    ),
    (r"RemovalIncomplete:", _TRANSIENT),
    (
        r"NotAnnounced:",
        Advice(
            "A failure is on record, but EventBridge refused to announce it.",
            "Look at EventBridge's health page and quotas. The event waits in the failures' dead-letter queue: when"
            " EventBridge accepts events again, send it with replay --dlq.",
            replay=False,
        ),
    ),
    (r"Stopped:", Advice("The workflow was stopped by hand.", "To continue it, replay.")),
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
            "A bug in a function's code, or input that it did not expect.",
            "Find the stack trace in the function's logs, correct the code and deploy. Then replay.",
        ),
    ),
)
_OTHER = Advice(
    "An error that is not in the list of known errors.",
    "Look at the execution's history for the state that failed and its cause. When that is fixed, replay.",
)


def advice_on(name: str, cause: str = "") -> Advice:
    """What is known about the error `name` with its `cause`, as failed_execution.message_in reads it."""
    text = f"{name}: {cause}"
    return next((advice for pattern, advice in _KNOWN if re.match(pattern, text, re.DOTALL)), _OTHER)
