"""One stack that these tests break and repair in turn, its Redis, and a few things that an operator does."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import Image
from waiting import HANG_S

from imageservice_operator.cli.__main__ import images as command_line
from imageservice_operator.operations import executions, images, uploads
from imageservice_operator.operations.images import Image as FoundImage
from imageservice_operator.operations.stack import Stack
from local import background
from local.redis_server import RedisServer


@dataclass(frozen=True)
class Ended:
    """A command that has ended: its exit code, its JSON lines, and its standard error."""

    code: int
    lines: list[dict[str, Any]]
    said: str


class Service:
    """A stack as its operator sees it."""

    def __init__(self, state_dir: Path, redis: RedisServer) -> None:
        self.stack = Stack.local(state_dir)
        self.redis = redis
        self.state_dir = state_dir

    def images(self, *arguments: str) -> Ended:
        """Runs the command line in this process, with --json; test_command_line starts it as scripts do."""
        done = CliRunner().invoke(command_line, [*arguments, "--json", "--state-dir", str(self.state_dir)])
        print(done.stderr)  # shown if the test fails
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Ended(done.exit_code, [json.loads(line) for line in done.stdout.splitlines()], done.stderr)

    def upload(self, image_ids: Sequence[str]) -> list[uploads.Upload]:
        """Uploads a small photo under each id, no two alike."""
        return [
            uploads.upload(self.stack, io.BytesIO(photo(number)), image_id)
            for number, image_id in enumerate(image_ids)
        ]

    def settled(
        self, sent: Sequence[uploads.Upload], timeout: float = HANG_S
    ) -> dict[str, FoundImage | None]:
        """The uploads' images, once they are READY, REJECTED, FAILED or DELETED."""
        found = uploads.wait_until_settled(self.stack, sent, timeout=timeout)
        return {upload.id: image for upload, image in found}

    def statuses(self, image_ids: Sequence[str]) -> dict[str, str | None]:
        found = images.get_many(self.stack, image_ids)
        return {image_id: found[image_id].status if image_id in found else None for image_id in image_ids}

    def entered(self, execution: str, state: str) -> int:
        """How often the execution entered the state."""
        events = executions.history(self.stack, execution)
        entered = [event.get("stateEnteredEventDetails", {}).get("name") for event in events]
        return entered.count(state)

    def event_types(self, execution: str) -> list[str]:
        return [event["type"] for event in executions.history(self.stack, execution)]

    @contextmanager
    def other_plan(self, plan: Mapping[str, Any]) -> Iterator[None]:
        """The plan changed as a deployment with another RenditionPlan changes it."""
        client = self.stack.client("lambda")
        names = [self.function_of(name) for name in ("InspectOriginalFunction", "SelectOriginalsFunction")]
        before = {
            name: client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
            for name in names
        }
        for name, variables in before.items():
            changed = {**variables, "RENDITION_PLAN": json.dumps(plan)}
            client.update_function_configuration(FunctionName=name, Environment={"Variables": changed})
        yield
        for name, variables in before.items():
            client.update_function_configuration(FunctionName=name, Environment={"Variables": variables})

    def get(self, url: str) -> int:
        """The HTTP status that a reader gets, without following a redirect."""
        import httpx

        return httpx.get(url, timeout=HANG_S).status_code

    def function_of(self, output_or_name: str) -> str:
        """The name of a function by the beginning of its logical id."""
        pages = self.stack.client("lambda").get_paginator("list_functions").paginate()
        names = [each["FunctionName"] for page in pages for each in page["Functions"]]
        return next(name for name in names if output_or_name in name)


def photo(number: int, size: tuple[int, int] = (240, 180)) -> bytes:
    """A small JPEG, different for each number."""
    out = io.BytesIO()
    Image.new("RGB", size, (number * 37 % 256, number * 91 % 256, 120)).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    state_dir = tmp_path_factory.mktemp("operated")
    with (
        RedisServer(state_dir / "redis.log") as redis,
        background.started(state_dir, f"--redis-url={redis.url}"),
    ):
        yield Service(state_dir, redis)


@pytest.fixture(scope="session", name="photo")
def photo_fixture() -> Callable[..., bytes]:
    return photo
