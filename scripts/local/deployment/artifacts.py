"""A function's code as a zip file: what its build would put there, without the wheels, which are in the
environment that all functions share on one machine (`.venv/functions`)."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

_EPOCH = (1980, 1, 1, 0, 0, 0)
_SHARED_PACKAGE = "imageservice"


def package(template_dir: Path, resource: dict[str, Any]) -> bytes:
    """The zip file of a function of the template; the same code gives the same bytes.

    A function that is built by the makefile gets the shared package and its own folder, named by the first
    part of its handler; any other gets all of its `CodeUri`.
    """
    properties = resource["Properties"]
    root = template_dir / properties["CodeUri"]
    if (resource.get("Metadata") or {}).get("BuildMethod") == "makefile":
        folders = [root / _SHARED_PACKAGE, root / properties["Handler"].split(".")[0]]
    else:
        folders = [root]
    return zipped(root, [path for folder in folders for path in sorted(folder.rglob("*"))])


def zipped(root: Path, paths: list[Path]) -> bytes:
    """The files among `paths`, named relative to `root`; bytecode left out. It is unpacked at once: not compressed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in paths:
            if path.is_file() and "__pycache__" not in path.parts:
                archive.writestr(
                    zipfile.ZipInfo(path.relative_to(root).as_posix(), _EPOCH), path.read_bytes()
                )
    return buffer.getvalue()
