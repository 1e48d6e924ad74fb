"""Runs the reconciler, which records failures that no event reported."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from imageservice_operator.operations.errors import OperationFailed
from imageservice_operator.operations.stack import Stack


@dataclass(frozen=True)
class Report:
    """Ids of images: `waiting` are being processed, `stuck` waited without a running execution, `missed` had failed
    without an event."""

    waiting: Sequence[str]
    stuck: Sequence[str]
    missed: Sequence[str]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def run(stack: Stack, hours: float = 24, grace_minutes: float = 0) -> Report:
    """Looks `hours` back, at images that have not changed for `grace_minutes`. Raises OperationFailed if the
    function fails."""
    payload = {"hours": hours, "grace_minutes": grace_minutes}
    answer = stack.client("lambda").invoke(
        FunctionName=stack.output("ReconcileFunctionArn"), Payload=json.dumps(payload).encode()
    )
    result = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise OperationFailed(f"ReconcileFunction failed: {result.get('errorMessage', result)}")
    return Report(result["waiting"], result["stuck"], result["missed"])
