"""JSONata expressions of a state machine, evaluated on values.

moto would write every variable into the expression's text and parse that: slow, and wrong for strings
with quotes or backslashes in them. Here an expression is parsed once and its variables are bound.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import threading
import uuid
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from jsonata import Jsonata
from jsonata.utils import Utils


class EvaluationError(Exception):
    """The expression failed, has no result, or has one that isn't JSON; the message says which."""


# Jsonata objects keep the state of the evaluation in themselves and in a thread-local.
_LOCK = threading.Lock()


def evaluate(expression: str, bindings: Mapping[str, Any]) -> Any:
    """The JSON value of `expression` (without its `{% %}`), its variables being `bindings` by bare name.

    Raises EvaluationError.
    """
    with _LOCK:
        try:
            parsed = _parsed(expression)
            Jsonata.CURRENT.jsonata = parsed
            values = {name: Utils.NULL_VALUE if value is None else value for name, value in bindings.items()}
            result = parsed.evaluate(None, values)
        except Exception as error:
            raise EvaluationError(f"The JSONata expression '{expression}' failed: {error}") from error
        if result is None:
            raise EvaluationError(f"The JSONata expression '{expression}' returned nothing (undefined).")
        return _as_json(result, expression)


@lru_cache(maxsize=1000)
def _parsed(expression: str) -> Jsonata:
    parsed = Jsonata(expression)
    parsed.set_output_convert_nulls(False)
    parsed.set_validate_input(False)
    for name, function in _FUNCTIONS.items():
        parsed.register_lambda(name, function)
    return parsed


def _as_json(value: Any, expression: str) -> Any:
    if value is None or value is Utils.NULL_VALUE:
        return None
    if isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if isinstance(value, Mapping):
        return {key: _as_json(item, expression) for key, item in value.items()}
    if isinstance(value, (list, tuple, range)) or Utils.is_sequence(value):
        return [_as_json(item, expression) for item in value]
    raise EvaluationError(f"The JSONata expression '{expression}' returned an unsupported result type.")


# What Step Functions adds to JSONata:
# https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html#jsonata-functions-provided-by-sfn


def _partition(array: Any, size: Any) -> list[list[Any]]:
    size = math.floor(size)
    if size < 1:
        raise ValueError("$partition: the size must be a positive integer")
    return [list(array[start : start + size]) for start in range(0, len(array), size)]


def _range(first: Any, last: Any, step: Any) -> list[int]:
    first, last, step = math.floor(first), math.floor(last), math.floor(step)
    return list(range(first, last + (1 if step > 0 else -1), step))


def _hash(text: Any, algorithm: Any) -> str:
    if algorithm not in ("MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512"):
        raise ValueError(f"$hash: no algorithm {algorithm}")
    return hashlib.new(algorithm.replace("-", ""), str(text).encode()).hexdigest()


def _random(seed: Any = None) -> float:
    return random.random() if seed is None else random.Random(math.floor(seed)).random()


def _uuid() -> str:
    return str(uuid.uuid4())


def _parse(text: Any) -> Any:
    return json.loads(text)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "partition": _partition,
    "range": _range,
    "hash": _hash,
    "random": _random,
    "uuid": _uuid,
    "parse": _parse,
}
