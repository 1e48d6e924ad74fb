"""Replacing attributes of other people's modules and classes, in a way that can be undone."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

_MISSING = object()


class Patch:
    """Attributes that one `Patch` replaced are restored by its `undo`, in reverse order."""

    def __init__(self) -> None:
        self._before: list[tuple[Any, str, Any]] = []

    def set(self, owner: Any, name: str, value: Any) -> None:
        """Set `owner.name`, which must exist."""
        before = owner.__dict__.get(name, _MISSING)
        if before is _MISSING and not hasattr(owner, name):
            raise AttributeError(f"{owner!r} has no {name}: the upgrade that removed it needs another patch")
        self._before.append((owner, name, before))
        setattr(owner, name, value)

    def wrap(self, owner: Any, name: str, wrapper: Callable[..., Any]) -> None:
        """Set `owner.name`, a function or method of any kind, to `wrapper`, whose first argument is the original.

        The original of a class method is bound to `owner`.
        """
        original = getattr(owner, name)

        @functools.wraps(wrapper)
        def replaced(*args: Any, **kwargs: Any) -> Any:
            return wrapper(original, *args, **kwargs)

        bound = isinstance(owner.__dict__.get(name), (staticmethod, classmethod))
        self.set(owner, name, staticmethod(replaced) if bound else replaced)

    def undo(self) -> None:
        """Restore what was there."""
        while self._before:
            owner, name, before = self._before.pop()
            if before is _MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, before)
