"""What one execution cost: its state transitions and requests from its history, its functions' time from their logs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from imageservice_operator.operations import cost, usage
from imageservice_operator.operations.cost import Bill
from imageservice_operator.operations.executions import Execution
from imageservice_operator.operations.function_logs import invocations
from imageservice_operator.operations.stack import Stack

_WITHOUT_AN_UPLOAD = ("Replay", "Reprocess")
"""The reasons in the event of an execution that was not started by a put into the bucket."""


def bill(stack: Stack, execution: Execution, events: Sequence[Mapping[str, Any]]) -> Bill:
    """The execution's bill, line by line, redrives included; until now, if it runs.

    The functions' billed time is in Lambda's own lines, which don't name the execution. So all lines of its time are
    read, at most 50,000, and a bill of an execution of hours leaves out what came later.
    """
    quantities = Counter(usage.of_history(events))
    if execution.machine != "ProcessImage" or execution.detail.get("reason") in _WITHOUT_AN_UPLOAD:
        quantities["s3_put"] -= 1
    span = (execution.started, execution.stopped or datetime.now(UTC))
    own = [each for each in invocations(stack, [span]).values() if each.execution == execution.arn]
    units = usage.read_units(stack, execution.arn) if own and execution.image_id else 0.0
    for invocation in own:
        quantities.update(usage.of_invocation(invocation, units))
    return cost.bill("this execution", {name: number for name, number in quantities.items() if number})
