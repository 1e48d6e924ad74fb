"""The service as its users meet it: originals go into the bucket, renditions come out through the API."""

import os
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from imageservice.adapters.image_table import ImageTable
from imageservice_operator.operations.stack import Stack

_SETTLED = ("READY", "REJECTED", "FAILED", "DELETED")
# For a machine that also runs everything else; how fast the service is, is measured elsewhere.
_PATIENCE_S = 90
_CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
_CHROMIUM_OPTIONS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


@dataclass(frozen=True)
class Service:
    """A running stack, and what tests do with it again and again."""

    stack: Stack

    def upload(self, original: Path | bytes, image_id: str | None = None) -> str:
        """Puts an original into the source bucket; its id, a new one unless named."""
        named = image_id or f"{uuid.uuid4().hex[:8]}/photo"
        data = original if isinstance(original, bytes) else original.read_bytes()
        self.stack.client("s3").put_object(
            Bucket=self.stack.outputs["SourceBucketName"], Key=named, Body=data
        )
        return named

    def item(self, image_id: str) -> dict[str, Any] | None:
        return ImageTable(self.stack.client("dynamodb"), self.stack.outputs["ImageTableName"]).get(image_id)

    def until(
        self, image_id: str, wanted: Callable[[dict[str, Any]], bool], seconds: float = _PATIENCE_S
    ) -> dict[str, Any]:
        """The image's item once it is as wanted."""
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            item = self.item(image_id)
            if item and wanted(item):
                return item
            time.sleep(0.1)
        pytest.fail(f"{image_id} did not come to what was wanted in {seconds} s; it is {self.item(image_id)}")

    def settled(self, image_id: str, revision: int = 0) -> dict[str, Any]:
        """The image's item once it is neither new nor in work, and of that revision at least."""
        return self.until(
            image_id, lambda item: item["status"] in _SETTLED and item.get("revision", 0) >= revision
        )

    def all_settled(self, image_ids: Sequence[str]) -> list[dict[str, Any]]:
        """Their items once every one is settled; gives up when for a while not one more of them was."""
        settled: dict[str, dict[str, Any]] = {}
        give_up = time.monotonic() + _PATIENCE_S
        while waiting := [image_id for image_id in image_ids if image_id not in settled]:
            for image_id in waiting:
                item = self.item(image_id)
                if item and item["status"] in _SETTLED:
                    settled[image_id] = item
                    give_up = time.monotonic() + _PATIENCE_S
            if time.monotonic() > give_up:
                stuck = {image_id: self.item(image_id) for image_id in waiting}
                pytest.fail(f"{len(settled)} of {len(image_ids)} settled, and no more came: {stuck}")
            time.sleep(0.5)
        return [settled[image_id] for image_id in image_ids]

    def executions(self, image_id: str) -> list[str]:
        """The status of every execution of ProcessImage that has this image as its input."""
        states = self.stack.client("stepfunctions")
        listed = states.list_executions(
            stateMachineArn=self.stack.outputs["ProcessImageArn"], maxResults=1000
        )
        arns = (execution["executionArn"] for execution in listed["executions"])
        described = (states.describe_execution(executionArn=arn) for arn in arns)
        return [one["status"] for one in described if f'"{image_id}"' in one["input"]]

    def history(self, execution: str) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = self.stack.client("stepfunctions").get_execution_history(
            executionArn=execution, maxResults=1000
        )["events"]
        return events


@pytest.fixture(scope="session")
def service_of() -> type[Service]:
    """Makes a service of a stack that a test has started itself."""
    return Service


@pytest.fixture
def service(stack: Stack) -> Service:
    return Service(stack)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The one Chromium of all tests: Playwright drives a single one at a time in a process."""
    expect.set_options(timeout=_PATIENCE_S * 1000)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=_CHROMIUM, args=_CHROMIUM_OPTIONS)
        yield started
        started.close()
