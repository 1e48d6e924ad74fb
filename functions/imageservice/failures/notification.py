"""What the one who runs the service is told of a failure: what happened, what it means, what to do."""

import shlex

from imageservice.failures.advice import advice_on
from imageservice.failures.failed_execution import FailedExecution

# SNS: ASCII without line breaks, less than 100 characters. docs.aws.amazon.com/sns/latest/api/API_Publish.html
_SUBJECT_CHARACTERS = 99


def subject(failed: FailedExecution) -> str:
    """One line for a mailbox's list."""
    what = "Removal failed" if failed.removal else "Image failed"
    text = f"{what}: {failed.failure['name']}: {failed.upload.id}"
    return " ".join(text.encode("ascii", "replace").decode().split())[:_SUBJECT_CHARACTERS]


def message(failed: FailedExecution, stack_name: str) -> str:
    """The whole of it, to be read by a person; machines subscribe to the event ImageFailed."""
    advice = advice_on(failed.failure["name"], failed.failure["cause"])
    what = "The image could not be removed." if failed.removal else "The image could not be processed."
    served = "" if failed.removal else " What was served of it before goes on being served."
    replay = f"./scripts/images replay --stack {shlex.quote(stack_name)} -- {shlex.quote(failed.upload.id)}"
    lines = [
        f"{what}{served}",
        "",
        f"Image:     {failed.upload.id}",
        f"Error:     {failed.failure['name']}",
        f"Cause:     {failed.failure['cause']}",
        f"Meaning:   {advice.meaning}",
        f"What to do: {advice.remedy}",
        *([f"To replay: {replay}"] if advice.replay else []),
        f"Execution: {failed.arn}" + (f" (redriven {failed.redrives} times)" if failed.redrives else ""),
    ]
    return "\n".join(lines)
