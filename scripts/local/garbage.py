"""When Python's garbage collector runs: not while the stack starts, not for what that left, and not at the end.

Imports make half a million objects that stay. To look through them again and again took a quarter of a start's
processor time, and 0.9 s when the interpreter ended.
"""

from __future__ import annotations

import gc


def put_off() -> None:
    """Collect nothing until `keep_what_is`."""
    gc.disable()


def keep_what_is() -> None:
    """Never look at the objects that there are now, and collect what comes from now on as usual."""
    gc.freeze()
    gc.enable()
