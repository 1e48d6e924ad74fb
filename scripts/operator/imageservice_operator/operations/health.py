"""What is wrong now: the figures that `status`, `failures`, the console's tabs and its overview all show.

An image counts as FAILED as soon as its execution has failed, whether or not its item says so yet: the failure's event
may be on its way, or lost. So the number of FAILED images is always that of the images in `failures`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from imageservice.core.timestamps import from_text
from imageservice_operator.operations import dead_letters, failures, images
from imageservice_operator.operations.failures import FailedImage, Group
from imageservice_operator.operations.images import STATUSES, Image
from imageservice_operator.operations.stack import Stack

LONG = timedelta(minutes=30)
"""An image that is PROCESSING for longer may wait for an execution that is lost; the usual one takes seconds."""


@dataclass(frozen=True)
class Health:
    """The figures of one moment, `at`.

    `images` counts the images by status. A count that is `at_most` stands for that many or more; None: all are exact.
    `failed` has every failure, newest first. `dead_letters` counts, about, the events that wait in each queue.
    `waiting_since` is the last change of the image that is PROCESSING for the longest; None if none is.
    """

    images: Mapping[str, int]
    failed: Sequence[FailedImage]
    dead_letters: Mapping[str, int]
    waiting_since: datetime | None = None
    at_most: int | None = None
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def in_progress(self) -> int:
        """How many images are PROCESSING, without those whose execution has failed."""
        return self.images["PROCESSING"]

    @property
    def undelivered(self) -> int:
        """About how many events wait in the dead-letter queues."""
        return sum(self.dead_letters.values())

    @property
    def is_well(self) -> bool:
        """Whether nothing failed and no dead letter waits."""
        return not self.failed and not self.undelivered

    @property
    def waits_long(self) -> bool:
        return self.waiting_since is not None and self.at - self.waiting_since > LONG

    @cached_property
    def groups(self) -> Sequence[Group]:
        """The failures by error, the most frequent first."""
        return failures.grouped(self.failed)

    @cached_property
    def unmarked(self) -> Mapping[str, FailedImage]:
        """By image id, the failures of images whose item does not say FAILED: most are on record within a second."""
        return {each.id: each for each in self.failed if each.status != "FAILED"}

    @property
    def unrecorded(self) -> int:
        """How many failures no item has: their events are on the way, or lost."""
        return sum(not each.recorded for each in self.failed)

    @property
    def is_cut_off(self) -> bool:
        """Whether there may be more failures that no item has than were looked at."""
        return self.unrecorded >= failures.DESCRIBED_AT_MOST

    @property
    def replayable(self) -> int:
        """How many of the failures a replay can help."""
        return sum(len(group.failures) for group in self.groups if group.advice.replay)

    def corrected(self, image: Image) -> Image:
        """The image with the status and error of its failure, if its item does not have them."""
        failure = self.unmarked.get(image.id)
        return as_failed(image, failure) if failure else image

    @property
    def sentence(self) -> str:
        """What is wrong now, or that nothing is, in a sentence or two."""
        wrong = []
        if self.failed:
            first, number = self.groups[0], len(self.failed)
            more = len(self.groups) - 1
            others = "" if not more else " and another error" if more == 1 else f" and {more} other errors"
            what = f"{number:,} {'failure' if number == 1 else 'failures'}"
            what = f"At least {what}" if self.is_cut_off else what
            wrong.append(f"{what} with {first.name}{others}. {first.advice.meaning}")
        if self.undelivered:
            events = "event" if self.undelivered == 1 else "events"
            wrong.append(f"About {self.undelivered:,} {events} could not be delivered.")
        if self.waits_long:
            wrong.append(
                f"An image has been PROCESSING for more than {LONG // timedelta(minutes=1)} minutes."
            )
        if wrong:
            return " ".join(wrong)
        if self.in_progress:
            return f"Nothing has failed so far; {self.in_progress:,} in progress."
        return "All is well: nothing has failed, and nothing is in progress."

    def as_json(self) -> dict[str, Any]:
        """The counts alone; `failures` lists what failed."""
        return {
            "images": dict(self.images),
            "failures": {
                "total": len(self.failed),
                "unrecorded": self.unrecorded,
                "complete": not self.is_cut_off,
                "by_error": {group.name: len(group.failures) for group in self.groups},
            },
            "dead_letters": dict(self.dead_letters),
            "sentence": self.sentence,
        }


def look(stack: Stack, *, at_most: int | None = None) -> Health:
    """The figures now. With `at_most`, no status is counted further than that; a console can't afford more."""
    failed = failures.failed(stack)
    unmarked = {each.id: each.status for each in failed if each.status != "FAILED"}
    # The failures have been read; counting the FAILED again could give another number.
    counts: dict[str, int] = {
        status: len({each.id for each in failed})
        if status == "FAILED"
        else images.count(stack, status, at_most)
        for status in STATUSES
    }
    for status in unmarked.values():
        # The index may have changed since the failure was found, and a count that was cut off stays as it is.
        if status in counts and counts[status] not in (0, at_most):
            counts[status] -= 1
    oldest = images.oldest(stack, "PROCESSING", without=unmarked)
    return Health(
        counts,
        failed,
        dead_letters.depths(stack),
        from_text(oldest.updated_at) if oldest else None,
        at_most,
    )


def as_failed(image: Image, failure: FailedImage) -> Image:
    """The image as its item will be once the failure is on record."""
    return replace(image, status="FAILED", error={"name": failure.name, "cause": failure.cause})
