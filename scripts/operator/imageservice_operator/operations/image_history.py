"""The executions that worked on one image, found by its item: Step Functions can't search executions by their input.

The item names the latest execution and the one before it. The write with which an execution claims the image answers
with what the item said, and that answer stays in the execution's history: so each execution names the ones before it.
Walking from one to the next takes a call each, however many executions the stack has had since.
"""

from __future__ import annotations

import itertools
import json
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from imageservice_operator.operations import executions
from imageservice_operator.operations.executions import GONE, Execution
from imageservice_operator.operations.stack import Stack

_FIRST_EVENTS = 30
"""Events in which the claim ends, with its five tries."""
NEWEST_SEARCHED = 20
"""Of each workflow. Only a search finds what never claimed the image: duplicates, and uploads that came too late."""
SEARCHED_WITHOUT_AN_ITEM = 200


def of_item(item: Mapping[str, Any]) -> list[str]:
    """The ARNs that an image's item names, newest first."""
    error = item.get("error") or {}
    named = (error.get("execution"), item.get("execution"), item.get("previous_execution"))
    return list(dict.fromkeys(arn for arn in named if arn))


def before(stack: Stack, arn: str) -> list[str]:
    """The ARNs of the executions that had the image before this one, newest first; none if it was the first, never
    claimed the image, or is forgotten."""
    try:
        answer = stack.client("stepfunctions").get_execution_history(
            executionArn=arn, includeExecutionData=True, maxResults=_FIRST_EVENTS
        )
    except ClientError as error:
        if error.response["Error"]["Code"] in GONE:
            return []
        raise
    for event in answer["events"]:
        named = _named_in(event.get("taskSucceededEventDetails", {}), arn)
        if named:
            return named
    return []


def chain(before: Callable[[str], Sequence[str]], newest: Iterable[str], limit: int) -> list[str]:
    """At most `limit` ARNs of an image's executions: `newest`, and those that `before` finds from each of them on."""
    found = dict.fromkeys(newest)
    ahead = deque(found)
    while ahead and len(found) < limit:
        for arn in before(ahead.popleft()):
            if arn not in found:
                found[arn] = None
                ahead.append(arn)
    return list(found)[:limit]


def of_image(
    stack: Stack, image_id: str, item: Mapping[str, Any], limit: int = 20, search: int | None = None
) -> list[Execution]:
    """At most `limit` executions that worked on the image, newest first.

    Those that the image's item leads to, and those found among the newest `search` executions of each workflow; by
    default, 20, or 200 if the item names none.
    """
    named = of_item(item)
    arns = chain(lambda arn: before(stack, arn), named, limit)
    if search is None:
        search = NEWEST_SEARCHED if named else SEARCHED_WITHOUT_AN_ITEM
    for machine in ("ProcessImage", "RemoveImage"):
        arns += [each.arn for each in itertools.islice(executions.of_status(stack, machine=machine), search)]
    described = executions.describe_many(stack, list(dict.fromkeys(arns)))
    found = [each for each in described if each.image_id == image_id]
    return sorted(found, key=lambda each: each.started, reverse=True)[:limit]


def _named_in(task: Mapping[str, Any], arn: str) -> list[str]:
    """The executions other than `arn` in the item that a write of the table answered with."""
    if task.get("resource") != "updateItem":
        return []
    try:
        item = json.loads(task["output"])["Attributes"]
    except (KeyError, ValueError, TypeError):
        return []  # a first upload, or output that the history leaves out
    named = (item.get(name, {}).get("S") for name in ("execution", "previous_execution"))
    return [each for each in dict.fromkeys(named) if each and each != arn]
