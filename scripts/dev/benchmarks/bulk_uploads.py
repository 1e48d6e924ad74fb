"""Sends the images of a bulk upload to a local stack, and waits until each has ended."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Container, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dev.benchmarks.bulk_mix import Planned, Put, in_order
from imageservice_operator.operations import executions, images, uploads
from imageservice_operator.operations.images import Image
from imageservice_operator.operations.stack import Stack

_SENDERS = 8
_LOOK_S = 0.5
_LOOKS_WITHOUT_CHANGE = 20  # an event may be on its way


class Sender:
    """Carries out steps. `versions` has the latest version of each image's original in S3."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.versions: dict[str, str | None] = {}

    def send_all(self, planned: Sequence[Planned], on_progress: Callable[[], None] = lambda: None) -> None:
        """All steps of all images: those of one image in their order, and several images at once."""

        def send(some: Sequence[Planned]) -> None:
            for image, step in in_order(some):
                self._send(image, step)
                on_progress()

        with ThreadPoolExecutor(_SENDERS) as pool:
            list(pool.map(send, [planned[first::_SENDERS] for first in range(_SENDERS)]))

    def _send(self, image: Planned, step: int) -> None:
        """The step `step` of the image; those before it must have been sent."""
        match image.steps[step]:
            case Put() as put:
                sent = uploads.upload(self._stack, io.BytesIO(put.body()), image.id)
                self.versions[image.id] = sent.version_id
            case "delete":
                self._stack.client("s3").delete_object(Bucket=self._stack.source_bucket, Key=image.id)
            case "deliver again":
                self._deliver_again(image.id)

    def _deliver_again(self, image_id: str) -> None:
        """Starts the workflow with the event that it was started with before."""
        found: Image | None = None
        while found is None or found.execution is None:  # S3's first event is on its way
            time.sleep(_LOOK_S)
            found = images.get_many(self._stack, [image_id]).get(image_id)
        client = self._stack.client("stepfunctions")
        event = client.describe_execution(executionArn=found.execution)["input"]
        client.start_execution(stateMachineArn=self._stack.machine_arn("ProcessImage"), input=event)


def sent_alone(stack: Stack, photos: Sequence[Path]) -> dict[str, Path]:
    """Uploads each photo, each after the one before is READY; returns the photos by the images' ids."""
    made = {f"alone/{number}": photo for number, photo in enumerate(photos)}
    for image_id, photo in made.items():
        ((_, image),) = uploads.wait_until_settled(stack, [uploads.upload(stack, photo, image_id)])
        if image is None or image.status != "READY":
            raise ValueError(f"{photo} can't be made on its own: {image and (image.status, image.error)}")
    return made


def settled(
    stack: Stack,
    planned: Sequence[Planned],
    versions: Mapping[str, str | None],
    on_progress: Callable[[int], None],
) -> dict[str, Image]:
    """The images by their ids, once each has ended as it must, or no workflow runs that could change one.

    `on_progress` gets the number of those that have ended as they must.
    """
    pending = {each.id: each for each in planned}
    unchanged = 0
    while pending and unchanged < _LOOKS_WITHOUT_CHANGE:
        found = images.get_many(stack, [*pending])
        done = [key for key, image in found.items() if as_it_must(pending[key], image, versions.get(key))]
        for key in done:
            del pending[key]
        unchanged = 0 if done or _any_runs(stack, versions) else unchanged + 1
        on_progress(len(planned) - len(pending))
        time.sleep(_LOOK_S)
    while _any_runs(stack, versions):  # such as the second delivery of an event
        time.sleep(_LOOK_S)
    return images.get_many(stack, [each.id for each in planned])


def as_it_must(planned: Planned, image: Image, version: str | None) -> bool:
    """Whether the image is as it must be at the end: `version` is the latest of its original."""
    if image.status != planned.ends:
        return False
    return planned.ends == "DELETED" or image.upload.get("version_id") == version


def _any_runs(stack: Stack, ids: Container[str]) -> bool:
    """Whether a workflow of one of these images runs."""
    return any(
        executions.describe(stack, each.arn).image_id in ids
        for machine in ("ProcessImage", "RemoveImage")
        for each in executions.of_status(stack, "RUNNING", machine)
    )
