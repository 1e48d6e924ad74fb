"""A deployment package, unpacked once per content and kept between runs with its compiled bytecode."""

from __future__ import annotations

import hashlib
import io
import shutil
import tempfile
import zipfile
from pathlib import Path

KEPT_PACKAGES = 60


def unpacked(package: bytes, root: Path) -> Path:
    """The directory holding `package` (a zip file's bytes), named by its content.

    Concurrent calls agree on one directory: each unpacks beside it, and the first to rename wins.
    """
    target = root / hashlib.sha256(package).hexdigest()[:24]
    if target.is_dir():
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
    """Delete all but the `keep` newest packages under `root`."""
    packages = sorted(
        (path for path in root.glob("*") if path.is_dir()), key=lambda path: path.stat().st_mtime
    )
    for path in packages[:-keep]:
        shutil.rmtree(path, ignore_errors=True)
