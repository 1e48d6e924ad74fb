"""The files to upload, checked before anything starts."""

from __future__ import annotations

from pathlib import Path

SAMPLES = Path(__file__).resolve().parents[3] / "tests" / "samples"
# A photo stored on its side, an animation, a PNG whose alpha channel is opaque throughout.
SAMPLE_NAMES = ("landscape-orientation6.jpg", "text-11frames.gif", "trees-alpha.png")


class UnusableFiles(Exception):
    """A file can't be uploaded; the message names it and says why."""


def samples() -> list[Path]:
    """The images that `run` uploads if no file is given."""
    return [SAMPLES / name for name in SAMPLE_NAMES]


def check(paths: list[Path]) -> None:
    """Raise UnusableFiles unless each path is a readable file, and their names, which become ids, differ."""
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
