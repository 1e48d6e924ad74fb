"""How far a benchmark is: a bar that changes on a terminal, a line for each part elsewhere; on standard error."""

import sys

_CELLS = 20


class Bar:
    """`of` parts, one after the other."""

    def __init__(self, of: int) -> None:
        self._of, self._done, self._name = of, -1, ""
        self._line = ""

    def part(self, name: str) -> None:
        """The next part begins."""
        self._done, self._name = self._done + 1, name
        if not sys.stderr.isatty():
            print(f"{self._done + 1} of {self._of}: {name}", file=sys.stderr, flush=True)

    def reach(self, done: int, name: str) -> None:
        """So many of many small parts are done. Elsewhere than on a terminal, a line for each tenth of them."""
        self._done, self._name = done, name
        self.step(f"{done * 100 // self._of} %")
        line = f"{done * 10 // self._of * 10} %: {name}"
        if line != self._line and not sys.stderr.isatty():
            self._line = line
            print(line, file=sys.stderr, flush=True)

    def step(self, text: str) -> None:
        """What the part does now."""
        if sys.stderr.isatty():
            filled = "█" * (self._done * _CELLS // self._of)
            line = f"{filled:░<{_CELLS}} {self._done}/{self._of} {self._name}: {text}"
            print(f"\r\033[K{line[:100]}", end="", file=sys.stderr, flush=True)

    def close(self) -> None:
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr, flush=True)
