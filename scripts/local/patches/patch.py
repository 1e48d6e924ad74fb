"""Setting attributes of other people's modules and classes, in a way that can be taken back."""

from __future__ import annotations

from typing import Any

_MISSING = object()


class Patch:
    """Attributes set through one `Patch` are restored by its `undo`, in reverse order."""

    def __init__(self) -> None:
        self._before: list[tuple[Any, str, Any]] = []

    def set(self, owner: Any, name: str, value: Any) -> Any:
        """Set `owner.name`, which must exist, and give what was there, to call it from the replacement."""
        before = owner.__dict__.get(name, _MISSING)
        if before is _MISSING and not hasattr(owner, name):
            raise AttributeError(f"{owner!r} has no {name}: the upgrade that removed it needs another patch")
        self._before.append((owner, name, before))
        original = getattr(owner, name)
        setattr(owner, name, value)
        return original

    def undo(self) -> None:
        """Put back what was there."""
        while self._before:
            owner, name, before = self._before.pop()
            if before is _MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, before)
