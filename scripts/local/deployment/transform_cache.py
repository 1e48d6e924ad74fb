"""Results of the SAM transform, kept between starts.

A result is kept under a digest of all that it depends on, and with a digest of its own: one that was cut off or damaged
is made again. It is also made again, and not kept, where the folder can't be written.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

MOST = 50
"""Results kept; the ones unused for longest go first."""


def kept(folder: Path, depends_on: Any, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `make` gives, made once for all that is equal in JSON to `depends_on`."""
    key = json.dumps(depends_on, sort_keys=True).encode()
    place = folder / f"{hashlib.sha256(key).hexdigest()}.json"
    found = _read(place)
    if found is None:
        found = json.dumps(make()).encode()
        with contextlib.suppress(OSError):
            _write(place, found)
    result: dict[str, Any] = json.loads(found)
    return result


def _read(place: Path) -> bytes | None:
    try:
        digest, _, found = place.read_bytes().partition(b"\n")
        place.touch()
    except OSError:
        return None
    return found if digest == _digest(found) else None


def _write(place: Path, result: bytes) -> None:
    place.parent.mkdir(exist_ok=True)
    descriptor, scratch = tempfile.mkstemp(dir=place.parent)
    with os.fdopen(descriptor, "wb") as file:
        file.write(_digest(result) + b"\n" + result)
    Path(scratch).replace(place)
    for old in sorted(_used(place.parent), reverse=True)[MOST:]:
        old[1].unlink(missing_ok=True)


def _used(folder: Path) -> Iterator[tuple[float, Path]]:
    """Each file, and when it was used."""
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another process has removed it
            yield path.stat().st_mtime, path


def _digest(result: bytes) -> bytes:
    return hashlib.sha256(result).hexdigest().encode()
