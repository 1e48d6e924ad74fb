"""Replacing attributes of other people's modules and classes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


def replace(owner: Any, name: str, value: Any) -> None:
    """Set `owner.name`. Raises AttributeError where it doesn't exist: an upgrade may have moved it."""
    getattr(owner, name)
    setattr(owner, name, value)


def wrap(owner: Any, name: str, wrapper: Callable[..., Any]) -> None:
    """Set `owner.name`, a function or method of any kind, to `wrapper`, whose first argument is the original.

    The original of a class method is bound to `owner`.
    """
    original = getattr(owner, name)

    @functools.wraps(wrapper)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return wrapper(original, *args, **kwargs)

    bound = isinstance(owner.__dict__.get(name), (staticmethod, classmethod))
    setattr(owner, name, staticmethod(wrapped) if bound else wrapped)
