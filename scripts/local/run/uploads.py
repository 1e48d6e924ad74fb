"""The files that were named: checked before anything starts, then put into the source bucket."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from local.client import Stack

SAMPLES = Path(__file__).resolve().parents[3] / "tests" / "samples"
# A photo stored on its side, an animation, a picture with transparency.
SAMPLE_NAMES = ("landscape-orientation6.jpg", "text-11frames.gif", "trees-alpha.png")


class UnusableFiles(Exception):
    """A file can't be uploaded; the message names it and says why."""


@dataclass(frozen=True)
class Upload:
    """An original in the source bucket: its key, which is the image's id, and the version that was made."""

    id: str
    version_id: str


def samples() -> list[Path]:
    """The images that are uploaded when no file is given."""
    return [SAMPLES / name for name in SAMPLE_NAMES]


def check(paths: list[Path]) -> None:
    """Raise UnusableFiles unless each path is a readable file, and their names, which become keys, differ."""
    names: dict[str, Path] = {}
    for path in paths:
        if path.name in names:
            raise UnusableFiles(f"{names[path.name]} and {path} have the same name, which is the image's id")
        names[path.name] = path
        try:
            with path.open("rb"):
                pass
        except OSError as error:
            raise UnusableFiles(f"can't read {path}: {error.strerror}") from error


def upload(stack: Stack, path: Path, sent: Callable[[int], None]) -> Upload:
    """Put the file at `path` into the source bucket under its name; `sent` is told the bytes as they go."""
    s3, bucket = stack.client("s3"), stack.outputs["SourceBucketName"]
    s3.upload_file(str(path), bucket, path.name, Callback=sent)
    return Upload(path.name, s3.head_object(Bucket=bucket, Key=path.name).get("VersionId", "null"))
