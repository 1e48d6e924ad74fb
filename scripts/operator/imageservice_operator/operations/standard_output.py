"""Standard output for people, on a terminal or into a pipe."""

from __future__ import annotations

import os
import re
import sys
from typing import Any, NoReturn

from rich.console import Console

PIPE_WIDTH = 160
"""Columns of a table that goes into a pipe, where no window limits it."""


class StandardOutput(Console):
    """Prints on standard output. Lines that go into a pipe or a file have no trailing blanks.

    A pipe whose reader is gone raises BrokenPipeError.
    """

    def __init__(self, width: int | None = None) -> None:
        """`width`, in columns; by default that of the terminal, of COLUMNS, or PIPE_WIDTH."""
        if width is None and not (sys.stdout.isatty() or "COLUMNS" in os.environ):
            width = PIPE_WIDTH
        super().__init__(width=width, highlight=False)

    def print(self, *objects: Any, **options: Any) -> None:
        """As rich's, which fills the lines of a table with blanks."""
        if self.is_terminal:
            super().print(*objects, **options)
            return
        with self.capture() as printed:
            super().print(*objects, **options)
        self.file.write(re.sub(r" +$", "", printed.get(), flags=re.MULTILINE))
        self.file.flush()

    def on_broken_pipe(self) -> NoReturn:
        raise BrokenPipeError
