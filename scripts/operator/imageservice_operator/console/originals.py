"""The newest versions of an image's original, each with who stored it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from imageservice_operator.operations import restoration
from imageservice_operator.operations.restoration import Version
from imageservice_operator.operations.stack import Stack

SHOWN = 6
_REMEMBERED = 1000


@dataclass(frozen=True)
class StoredVersion:
    """A version, or a removal, of an original. `who` is empty where the original does not say it."""

    version: Version
    who: str


class Originals:
    """The versions as S3 lists them. A version never changes, so S3 is asked once who stored it."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._stored_by: dict[tuple[str, str], str] = {}

    def of_image(self, image_id: str) -> list[StoredVersion]:
        """The newest versions and removals; none for an original that the bucket does not have."""
        found = islice(restoration.versions(self._stack, image_id), SHOWN)
        return [StoredVersion(each, "" if each.removal else self._who(image_id, each.id)) for each in found]

    def _who(self, image_id: str, version: str) -> str:
        key = image_id, version
        if key not in self._stored_by:
            if len(self._stored_by) >= _REMEMBERED:
                self._stored_by.clear()
            self._stored_by[key] = restoration.stored_by(self._stack, image_id, version)
        return self._stored_by[key]
