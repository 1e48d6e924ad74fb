"""Whether a value has the shape of a TypedDict, all the way down: no key missing, none unknown, each of its type."""

import types
import typing
from collections.abc import Iterator
from typing import Any


def mismatches(value: Any, shape: Any, path: str = "") -> Iterator[str]:
    """Says where `value` differs from `shape`: a TypedDict, Literal, list, dict, or a class such as str."""
    origin, parts = typing.get_origin(shape), typing.get_args(shape)
    if origin in (typing.Union, types.UnionType):
        if all(any(mismatches(value, part, path)) for part in parts):
            yield f"{path}: {value!r} is none of {parts}"
    elif origin in (typing.Required, typing.NotRequired):
        yield from mismatches(value, parts[0], path)
    elif origin is typing.Literal:
        if value not in parts:
            yield f"{path}: {value!r} is not one of {parts}"
    elif origin is list:
        if not isinstance(value, list):
            yield f"{path}: {value!r} is not a list"
            return
        for place, each in enumerate(value):
            yield from mismatches(each, parts[0], f"{path}[{place}]")
    elif origin is dict:
        for name, each in value.items():
            yield from mismatches(name, parts[0], f"{path} key {name}")
            yield from mismatches(each, parts[1], f"{path}.{name}")
    elif typing.is_typeddict(shape):
        yield from (f"{path}.{name} is missing" for name in sorted(shape.__required_keys__ - value.keys()))
        hints = typing.get_type_hints(shape)
        for name, each in value.items():
            if name in hints:
                yield from mismatches(each, hints[name], f"{path}.{name}")
            else:
                yield f"{path}.{name} is unknown"
    elif type(value) is not shape:
        yield f"{path}: {value!r} is not {shape.__name__}"
