"""The stack that `run` uses: the one that runs or starts in the state directory, otherwise a new one."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from rich.console import Console

from imageservice_operator.operations.errors import StackNotFound
from imageservice_operator.operations.stack import Stack
from local.options import Options
from local.statefile import AlreadyRunning

PATIENCE = 60.0
"""Seconds to wait for a stack that another process is starting."""
PAUSE = 0.2


@contextlib.contextmanager
def stack(options: Options, console: Console) -> Iterator[tuple[Stack, bool]]:
    """A stack that answers, and whether this process started it; if so, it ends with the block.

    Waits for a stack that is still starting; if it ends instead, starts a new one. Raises AlreadyRunning if it isn't
    ready in time, and the errors that keep a stack from starting.
    """
    from local.stack import running

    deadline = time.monotonic() + PATIENCE
    waiting = False
    with contextlib.ExitStack() as context:
        while True:
            if (found := _found(options)) is not None:
                line = f"using the stack that runs on {options.state_dir}"
                if options.given:
                    line += f", which started without your options: ignored {', '.join(options.given)}"
                _say(console, line)
                yield found, False
                return
            try:
                with (
                    console.status("starting the stack") if console.is_terminal else contextlib.nullcontext()
                ):
                    ours = context.enter_context(running(options))
            except AlreadyRunning as error:
                if time.monotonic() > deadline:
                    raise AlreadyRunning(f"{error}, but not ready after {PATIENCE:g} s") from error
                if not waiting:
                    _say(console, f"{error}, not ready yet: waiting for it, {PATIENCE:g} s at most")
                waiting = True
                time.sleep(PAUSE)
                continue
            yield ours, True
            return


def _found(options: Options) -> Stack | None:
    with contextlib.suppress(StackNotFound):
        found = Stack.local(options.state_dir)
        if found.answers():
            return found
    return None


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, soft_wrap=True, highlight=False)
