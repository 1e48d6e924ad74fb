"""What a redrive needs to know about an execution: the top-level state it was in, with its input and
variables, and which iterations and branches of that state have finished.

A redrive does what AWS does: https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html.
It enters the last entered top-level state again and, inside a Map or Parallel, runs only the iterations
and branches that did not succeed. (AWS resumes those at their failed state; here they run from their start.)
"""

from __future__ import annotations

import copy
import threading
from typing import Any

Scope = tuple[Any, ...]
"""Where inside a state: (state name, index, state name, index, …), outermost first."""


class Journal:
    """Belongs to one execution while it runs, and then to its redrive."""

    def __init__(self, kept: dict[Scope, Any] | None = None) -> None:
        """`kept`: the iterations and branches that are finished and need not run again."""
        self.state: str | None = None
        self.input: Any = None
        self.variables: dict[str, Any] = {}
        self._kept = dict(kept or {})
        self._finished: dict[Scope, Any] = {}
        self._lock = threading.Lock()

    def enter(self, state: str, input: Any, variables: dict[str, Any]) -> None:
        """A top-level state is entered: what the previous one finished is no longer needed."""
        with self._lock:
            if self.state is not None:
                self._kept.clear()
            self._finished.clear()
            self.state, self.input = state, copy.deepcopy(input)
            self.variables = copy.deepcopy(variables)

    def finish(self, scope: Scope, output: Any) -> None:
        """An iteration or branch succeeded."""
        with self._lock:
            self._finished[scope] = copy.deepcopy(output)

    def take(self, scope: Scope) -> tuple[bool, Any]:
        """Whether that iteration or branch was finished before the redrive, and its output.

        Only once: when a Retry runs the whole state again, it does run again.
        """
        with self._lock:
            if scope not in self._kept:
                return False, None
            output = self._finished[scope] = self._kept.pop(scope)
            return True, copy.deepcopy(output)

    def for_redrive(self) -> Journal:
        """The journal of the run that resumes this one."""
        with self._lock:
            return Journal({**self._kept, **self._finished})
