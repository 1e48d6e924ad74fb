"""The reconciler, run when an operator asks: what no event told of is put on record."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from imageservice_operator.operations.errors import OperationFailed
from imageservice_operator.operations.stack import Stack


@dataclass(frozen=True)
class Report:
    """Ids: `waiting` are being processed, `stuck` were PROCESSING for good, `missed` failed without a word."""

    waiting: Sequence[str]
    stuck: Sequence[str]
    missed: Sequence[str]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def run(stack: Stack, hours: float = 24, grace_minutes: float = 0) -> Report:
    """Looks `hours` back, at whatever has not changed for `grace_minutes`. Raises OperationFailed if it fails."""
    payload = {"hours": hours, "grace_minutes": grace_minutes}
    answer = stack.client("lambda").invoke(
        FunctionName=stack.output("ReconcileFunctionArn"), Payload=json.dumps(payload).encode()
    )
    said = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise OperationFailed(f"ReconcileFunction failed: {said.get('errorMessage', said)}")
    return Report(said["waiting"], said["stuck"], said["missed"])
