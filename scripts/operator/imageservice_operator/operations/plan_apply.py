"""A new rendition plan made live: on a few images first, then deployed, then on the rest; and back.

    CANARY → PAUSED → DEPLOYING → MAKING → DONE           each of them → ROLLING_BACK → ROLLED_BACK

Each step can be done twice, and what it has done shows in the stack itself: images carry the digest of their plan, and
the plan is a parameter. So a command that was killed is run again, and goes on. Readers are served throughout, because
an image's old renditions are served until its new ones are recorded.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from imageservice.adapters.plan_loader import packaged_plan
from imageservice.core.errors import PlanInvalid
from imageservice.core.image_id import MAX_KEY_BYTES
from imageservice.core.timestamps import to_text
from imageservice_operator.operations import audit, becoming_private, executions, exposure, images, reprocess
from imageservice_operator.operations.errors import BadRequest, ExecutionNotFound, OperationFailed
from imageservice_operator.operations.pacing import paced
from imageservice_operator.operations.plan import PlanDocument, live_plan, live_text, parsed
from imageservice_operator.operations.plan_deployment import PLAN, WIDTHS, deploy_plan, parameters
from imageservice_operator.operations.plan_effect import bytes_of, shuffled
from imageservice_operator.operations.plan_journal import Apply, write
from imageservice_operator.operations.stack import Stack

LEAST_CANARY, MOST_CANARY = 10, 500
"""Images of a canary purge the edge one by one: 500 are half of a month's free purges."""
RATE = 5.0
_MOST_LEFT = 1_000
_BATCH = 100
_DESCRIBED_AT_ONCE = 5
_LOOK_S = {True: 0.2, False: 2.0}  # by whether the stack is local


@dataclass(frozen=True)
class Canary:
    """The images that are made first: a share of all, or those below a prefix."""

    share: float = 0.01
    prefix: str = ""

    @classmethod
    def of(cls, text: str) -> Canary:
        """From "1%" or a prefix of ids. Raises BadRequest."""
        if percent := re.fullmatch("([0-9]{1,3}(?:[.][0-9]{1,6})?)%", text):
            if not 0 < float(percent[1]) <= 100:
                raise BadRequest("The canary's share is more than 0% and at most 100%.")
            return cls(share=float(percent[1]) / 100)
        if not text or len(text.encode(errors="replace")) > MAX_KEY_BYTES:
            raise BadRequest("The canary is a share, such as 1%, or a prefix of ids.")
        return cls(share=1.0, prefix=text)

    def chosen(self, keys: Sequence[str]) -> list[str]:
        """Of the keys that a plan would make. Raises BadRequest if there are some, but none below the prefix."""
        fitting = [key for key in keys if key.startswith(self.prefix)]
        if keys and not fitting:
            raise BadRequest(f"The plan changes no image whose id begins with {self.prefix!a}.")
        number = min(MOST_CANARY, max(LEAST_CANARY, math.ceil(self.share * len(fitting))))
        return shuffled(fitting)[:number]


@dataclass(frozen=True)
class Made:
    """What came of making images: how many are of the plan now, and the decision about each of the others.

    `exposed` are those of the whole stack that the plan makes private, and that still have public files.
    """

    up_to_date: int
    others: Mapping[str, str]
    bytes: int
    exposed: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        return {"up_to_date": self.up_to_date, "others": dict(self.others), "bytes": self.bytes}


def begin(stack: Stack, document: PlanDocument, canary: Sequence[str], previous: Apply | None) -> Apply:
    """Writes down what is about to be done; nothing is done yet."""
    current = parameters(stack)
    now = to_text(datetime.now(UTC))
    apply = Apply(
        old_text=current[PLAN],
        old_widths=current[WIDTHS],
        new_text=document.text,
        new_widths=document.widths,
        stage="CANARY",
        canary=list(canary),
        canary_bytes=_bytes(stack, canary),
        started_at=now,
        etag=previous.etag if previous else "",
    )
    with audit.recorded(stack, "plan apply", plan=document.text, canary=len(canary)):
        return write(stack, apply)


def make_canary(
    stack: Stack, apply: Apply, *, rate: float = RATE, on_progress: Callable[[int], Any] | None = None
) -> tuple[Apply, Made]:
    """Makes the canary's images by the new plan, which is not deployed yet; afterwards the change is PAUSED."""
    made = make(stack, apply.canary, plan=apply.new_text, rate=rate, on_progress=on_progress)
    return write(stack, apply, stage="PAUSED"), made


def deploy(stack: Stack, apply: Apply) -> Apply:
    """Makes the new plan the stack's own, unless it is already, for instance from `sam deploy`."""
    if apply.stage != "DEPLOYING":
        apply = write(stack, apply, stage="DEPLOYING", deployed=True)
    if not is_live(stack, apply.new_text):
        # Until the last image is made, the edge rounds to the widths of either plan.
        both = {int(width) for text in (apply.old_widths, apply.new_widths) for width in text.split(",")}
        deploy_plan(stack, apply.new_text, ",".join(map(str, sorted(both))))
    return write(stack, apply, stage="MAKING", run=None)


def start_rest(stack: Stack, apply: Apply, *, concurrency: int = reprocess.CONCURRENCY) -> Apply:
    """Starts the run over all other images, or goes on with the one that was started; `run` is its execution.

    Raises OperationFailed if the stack has another plan meanwhile: then another one was deployed.
    """
    if not is_live(stack, apply.new_text if apply.stage == "MAKING" else apply.old_text):
        raise OperationFailed(
            "The stack has another plan by now: it was deployed since this change began. Apply the right one after"
            " images plan apply --rollback has ended this change."
        )
    if apply.run and _goes_on(stack, apply.run):
        return apply
    return write(stack, apply, run=reprocess.start(stack, reprocess.Selection(), concurrency=concurrency))


def finish(stack: Stack, apply: Apply) -> tuple[Apply, Made]:
    """Ends the change or the rollback after its run: what was stopped or overlooked meanwhile is made, the edge gets
    the plan's own widths."""
    undone = {key: each for key, each in reprocess.decided(stack) if each not in exposure.DONE}
    left = [key for key, decision in undone.items() if decision in ("PROCESS", "UNDER_WAY")]
    if len(left) > _MOST_LEFT:
        write(stack, apply, run=None)  # the next one tries them again
        raise OperationFailed(
            f"{len(left):,} images are still to be made. Look at images failures; then go on with --resume."
        )
    made = make(stack, left)
    exposed = becoming_private.exposed(stack, undone, live_plan(stack).plan)
    made = replace(made, exposed=[image.id for image in exposed])
    if apply.stage == "ROLLING_BACK":
        return write(stack, apply, stage="ROLLED_BACK"), made
    if parameters(stack)[PLAN] == apply.new_text:
        deploy_plan(stack, apply.new_text, apply.new_widths)
    return write(stack, apply, stage="DONE"), made


def begin_rollback(stack: Stack, apply: Apply) -> Apply:
    """Makes the plan before the stack's own again, and stops the run. Raises BadRequest if that is done already."""
    if apply.stage == "ROLLED_BACK":
        raise BadRequest("The latest change of plan is rolled back already.")
    if apply.stage != "ROLLING_BACK":
        # Stopped first: once the stage is written, the run is forgotten.
        if apply.run and _status(stack, apply.run) == executions.RUNNING:
            reprocess.stop(stack, apply.run)
        with audit.recorded(stack, "plan rollback", plan=apply.old_text or "the packaged plan"):
            apply = write(stack, apply, stage="ROLLING_BACK", run=None)
    if apply.deployed:
        deploy_plan(stack, apply.old_text, apply.old_widths)
    return apply


def make(
    stack: Stack,
    keys: Sequence[str],
    *,
    plan: str = "",
    rate: float = RATE,
    on_progress: Callable[[int], Any] | None = None,
) -> Made:
    """Makes those of the images that are not of the plan (JSON; the stack's own if it is empty), at most `rate` of them
    a second, and waits for them."""
    running: dict[str, str] = {}
    machine = stack.machine_arn("ProcessImage")
    for decided in paced_decisions(stack, keys, plan, rate):
        if decided["decision"] == "PROCESS":
            answer = stack.client("stepfunctions").start_execution(
                stateMachineArn=machine, input=json.dumps(decided["event"])
            )
            running[decided["key"]] = answer["executionArn"]
        elif decided["decision"] == "UNDER_WAY":
            running[decided["key"]] = images.get(stack, decided["key"]).execution or ""
        if on_progress:
            on_progress(1)
    _wait(stack, running)
    decisions = {
        each["key"]: each["decision"] for batch in _batches(keys) for each in _select(stack, batch, plan)
    }
    fine = ("UP_TO_DATE", "DELETED")  # deleted meanwhile
    others = {key: decision for key, decision in decisions.items() if decision not in fine}
    return Made(len(decisions) - len(others), others, _bytes(stack, keys))


def paced_decisions(stack: Stack, keys: Sequence[str], plan: str, rate: float) -> Any:
    """The decisions about the keys; those about images to make come at most `rate` a second."""
    to_make = paced(_endless(), rate)
    for batch in _batches(keys):
        for decided in _select(stack, batch, plan):
            if decided["decision"] == "PROCESS":
                next(to_make)
            yield decided


def is_live(stack: Stack, text: str) -> bool:
    """Whether the stack makes uploads by this plan, however it is written."""
    try:
        return parsed(live_text(stack) or packaged_plan()).plan == parsed(text or packaged_plan()).plan
    except PlanInvalid:
        return False


def _goes_on(stack: Stack, run: str) -> bool:
    """Whether the run runs or has succeeded, if necessary after it has been redriven."""
    status = _status(stack, run)
    if status is None:
        return False
    if status in (executions.RUNNING, "SUCCEEDED"):
        return True
    try:
        reprocess.resume(stack, run)
    except ClientError:  # more than 14 days old, say: a new run skips what this one has made
        return False
    return True


def _status(stack: Stack, run: str) -> str | None:
    """The status of an execution; None if Step Functions has forgotten it, 90 days after its end."""
    try:
        return executions.describe(stack, run).status
    except ExecutionNotFound:
        return None


def _wait(stack: Stack, running: dict[str, str]) -> None:
    """Until each image's execution has ended."""
    while running:
        found = images.get_many(stack, list(running))
        for place, (key, execution) in enumerate(list(running.items())):
            image = found.get(key)
            done = image is not None and image.execution == execution and image.status != "PROCESSING"
            # One that another has overtaken, or whose failure is not recorded, shows only in Step Functions, which
            # answers a few of these calls a second.
            if not done and place < _DESCRIBED_AT_ONCE:
                done = not execution or _status(stack, execution) != executions.RUNNING
                running[key] = running.pop(key)
            if done:
                del running[key]
        if running:
            time.sleep(_LOOK_S[stack.is_local])


def _bytes(stack: Stack, keys: Sequence[str]) -> int:
    """The bytes of the renditions that these images serve."""
    found = (image for batch in _batches(keys) for image in images.get_many(stack, batch).values())
    return sum(bytes_of(image.renditions) for image in found)


def _select(stack: Stack, keys: Sequence[str], plan: str) -> list[dict[str, Any]]:
    return reprocess.select(stack, [{"key": key} for key in keys], plan=plan)


def _batches(keys: Sequence[str]) -> list[Sequence[str]]:
    return [keys[begin : begin + _BATCH] for begin in range(0, len(keys), _BATCH)]


def _endless() -> Any:
    while True:
        yield None
