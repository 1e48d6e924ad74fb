"""A deployment package, unpacked once per content and kept between runs with its compiled bytecode.

All stacks of an environment share what is unpacked: a function's first worker would compile 80 modules otherwise, in
each new state directory.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import shutil
import tempfile
import time
import zipfile
from pathlib import Path

KEPT_PACKAGES = 60
KEPT_SECONDS = 86400
"""A package that was used so recently stays: a stack may run it."""


def folder(python: Path, state_dir: Path) -> Path:
    """Where packages are unpacked for the functions' `python`: in its virtual environment, if it has one."""
    environment = python.parent.parent
    return environment / "unpacked" if (environment / "pyvenv.cfg").exists() else state_dir / "functions"


def unpacked(package: bytes, root: Path) -> Path:
    """The directory holding `package` (a zip file's bytes), named by its content.

    Concurrent calls agree on one directory: each unpacks beside it, and the first to rename wins.
    """
    target = root / hashlib.sha256(package).hexdigest()[:24]
    with contextlib.suppress(FileNotFoundError):
        os.utime(target)
        return target
    root.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="unpacking-", dir=root))
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        for member in archive.infolist():
            extracted = Path(archive.extract(member, scratch))
            mode = member.external_attr >> 16
            if mode and not member.is_dir():
                extracted.chmod(mode & 0o777)
    try:
        scratch.rename(target)
    except OSError:
        shutil.rmtree(scratch, ignore_errors=True)
    return target


def forget_old(root: Path, keep: int = KEPT_PACKAGES) -> None:
    """Delete all but the `keep` packages under `root` that were used last, and those that a stack may run."""
    used = []
    for path in root.glob("*"):
        with contextlib.suppress(FileNotFoundError):  # another stack deletes it
            if path.is_dir():
                used.append((path.stat().st_mtime, path))
    for last, path in sorted(used)[:-keep]:
        if last < time.time() - KEPT_SECONDS:
            shutil.rmtree(path, ignore_errors=True)
