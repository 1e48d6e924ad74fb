"""How far `images plan apply` has come: one object in the stack's ReportBucket, so that any operator can go on."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, get_args

from botocore.exceptions import ClientError

from imageservice_operator.operations.errors import OperationFailed
from imageservice_operator.operations.stack import Stack

KEY = "plan/apply.json"
_WIDTHS = re.compile("[0-9]+(,[0-9]+)*")
Stage = Literal["CANARY", "PAUSED", "DEPLOYING", "MAKING", "DONE", "ROLLING_BACK", "ROLLED_BACK"]


@dataclass(frozen=True)
class Apply:
    """One change of plan. `old_text` and `old_widths` are the parameters before it, as they were.

    `canary` are the images that are made first, whose renditions had `canary_bytes`. `run` is the execution of
    ReprocessImages that makes the rest, or that rolls back. `deployed` is whether the new plan was to become the
    stack's own. `etag` is that of the object as it was read.
    """

    old_text: str
    old_widths: str
    new_text: str
    new_widths: str
    stage: Stage
    canary: Sequence[str]
    canary_bytes: int
    started_at: str
    run: str | None = None
    deployed: bool = False
    etag: str = field(default="", compare=False)

    @property
    def ended(self) -> bool:
        return self.stage in ("DONE", "ROLLED_BACK")

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if name != "etag"}


def read(stack: Stack) -> Apply | None:
    """The latest change of plan; None if there was none, or if it is older than the bucket keeps reports.

    Raises OperationFailed for an object that is none.
    """
    try:
        answer = stack.client("s3").get_object(Bucket=_bucket(stack), Key=KEY)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
            return None
        raise
    try:
        return _checked(Apply(**json.loads(answer["Body"].read()), etag=answer["ETag"]))
    except (ValueError, TypeError, RecursionError) as error:
        raise OperationFailed(
            f"s3://{_bucket(stack)}/{KEY} is damaged, or of another version of this command: {error}. Deleting it"
            " forgets the change and the plan before it."
        ) from error


def write(stack: Stack, apply: Apply, **changed: Any) -> Apply:
    """Writes it, changed, in place of what was read. Raises OperationFailed if another command was faster."""
    apply = replace(apply, **changed)
    body = json.dumps(apply.as_json()).encode()
    condition: dict[str, Any] = {"IfMatch": apply.etag} if apply.etag else {"IfNoneMatch": "*"}
    try:
        answer = stack.client("s3").put_object(Bucket=_bucket(stack), Key=KEY, Body=body, **condition)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] in (404, 409, 412):
            raise OperationFailed("Another command is changing the plan at this moment.") from error
        raise
    return replace(apply, etag=answer["ETag"])


def _checked(apply: Apply) -> Apply:
    """Raises ValueError unless `write` could have written it: a stage that is not known would be passed over."""
    texts = [apply.old_text, apply.old_widths, apply.new_text, apply.new_widths, apply.started_at]
    keys = apply.canary if isinstance(apply.canary, list) else [None]
    if apply.stage not in get_args(Stage):
        raise ValueError(f"the stage {apply.stage!a} is not known")
    if not all(isinstance(each, str) for each in (*texts, *keys, apply.run or "")):
        raise ValueError("a text is missing")
    if not all(_WIDTHS.fullmatch(widths) for widths in (apply.old_widths, apply.new_widths)):
        raise ValueError("the widths are not numbers")
    if type(apply.canary_bytes) is not int or type(apply.deployed) is not bool:
        raise ValueError("canary_bytes is not a number, or deployed is neither true nor false")
    return apply


def _bucket(stack: Stack) -> str:
    return stack.output("ReportBucketName")
