"""Whether an execution runs its workflow as it is deployed now."""

from __future__ import annotations

from datetime import UTC, datetime

from imageservice_operator.operations.executions import Execution
from imageservice_operator.operations.stack import Stack

_LONG_AGO, _LATER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


class DeployedWorkflows:
    """The workflows of a stack, for the time of one command.

    A definition names the versions of the functions that it calls, so it changes with their code. Step Functions says
    which definition an execution runs once a second at most. Therefore one answer stands for others too: what began
    before an execution with an old definition has an old one, what began after one with today's has today's.
    """

    def __init__(self, stack: Stack) -> None:
        self._client = stack.client("stepfunctions")
        self._machine_arn = stack.machine_arn
        self._definitions: dict[str, str] = {}
        self._newest_outdated: dict[str, datetime] = {}
        self._oldest_current: dict[str, datetime] = {}

    def run(self, execution: Execution) -> bool:
        """Whether the execution runs the definition that is deployed now."""
        machine, began = execution.machine, execution.started
        if began <= self._newest_outdated.get(machine, _LONG_AGO):
            return False
        if began >= self._oldest_current.get(machine, _LATER):
            return True
        if machine not in self._definitions:
            found = self._client.describe_state_machine(stateMachineArn=self._machine_arn(machine))
            self._definitions[machine] = found["definition"]
        described = self._client.describe_state_machine_for_execution(executionArn=execution.arn)
        current: bool = described["definition"] == self._definitions[machine]
        (self._oldest_current if current else self._newest_outdated)[machine] = began
        return current
