"""A stack whose rendition plan is changed by a command line that is killed, while readers ask for every image."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from PIL import Image
from waiting import until

from imageservice_operator.operations import images, plan_journal, reprocess, uploads
from imageservice_operator.operations.plan_journal import Apply
from imageservice_operator.operations.stack import Stack
from local import background

OLD = {"formats": ["fallback"], "sizes": [{"name": "thumb", "width": 16}, {"name": "w24", "width": 24}]}
_LONGEST_STAGE_S = 3_600  # of 10,000 images, each of which is looked at
NEW = {
    "default": {"formats": ["fallback"], "sizes": [{"name": "thumb", "width": 20}]},
    "rules": [{"prefix": "b/", "sizes": [{"name": "thumb", "width": 16, "height": 16, "fit": "cover"}]}],
}


def photo(number: int) -> bytes:
    """A tiny JPEG, different for each number."""
    out = io.BytesIO()
    Image.new("RGB", (40, 30), (number % 256, number // 256 % 256, 120)).save(out, "JPEG")
    return out.getvalue()


@dataclass
class PlanWorld:
    """The stack in `state_dir`. `answers` counts what readers got, from the redirect to the rendition's last byte."""

    stack: Stack
    state_dir: Path
    answers: Counter[int] = field(default_factory=Counter)

    def upload(self, image_ids: Sequence[str]) -> None:
        """Uploads a photo under each id, and waits until all are READY."""
        sent = [
            uploads.upload(self.stack, io.BytesIO(photo(number)), image_id)
            for number, image_id in enumerate(image_ids)
        ]
        statuses = Counter(
            image and image.status for _, image in uploads.wait_until_settled(self.stack, sent)
        )
        assert statuses == {"READY": len(sent)}

    def plan(self, plan: Mapping[str, Any]) -> Path:
        """The plan in a file."""
        path = self.state_dir / "plan.json"
        path.write_text(json.dumps(plan))
        return path

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """The command line in a process of its own."""
        return subprocess.Popen(
            [
                background.PYTHON,
                "-m",
                "imageservice_operator.cli",
                *arguments,
                "--json",
                f"--state-dir={self.state_dir}",
            ],
            env={**os.environ, "PYTHONPATH": background.PYTHON_PATH},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str) -> list[dict[str, Any]]:
        """What the command printed; it has to succeed."""
        with self.start(*arguments) as process:
            printed, _ = process.communicate()
        assert process.returncode == 0, printed
        return [json.loads(line) for line in printed.splitlines() if line.startswith("{")]

    def kill_when(self, holds: Callable[[], Any], *arguments: str) -> None:
        """Runs the command, and kills it as soon as the condition holds; one that is faster has ended by itself."""
        with self.start(*arguments) as process:
            until(lambda: holds() or process.poll() is not None, seconds=_LONGEST_STAGE_S)
            process.send_signal(signal.SIGKILL)

    def journal(self) -> Apply | None:
        return plan_journal.read(self.stack)

    def reaches(self, stage: str) -> Callable[[], bool]:
        """Whether the change of plan is in that stage, and a part of it is done."""

        def holds() -> bool:
            journal = self.journal()
            return journal is not None and journal.stage == stage

        return holds

    def run_is_under_way(self) -> bool:
        """Whether the run over the rest has made a part of its images."""
        journal = self.journal()
        return bool(
            journal
            and journal.stage in ("MAKING", "ROLLING_BACK")
            and journal.run
            and reprocess.progress(self.stack, journal.run).done
        )

    def made(self, image_ids: Sequence[str]) -> dict[str, list[tuple[str, int, int]]]:
        """Each image's renditions: size, width, height. All images are READY."""
        found = [
            image
            for begin in range(0, len(image_ids), 100)
            for image in images.get_many(self.stack, image_ids[begin : begin + 100]).values()
        ]
        assert {image.status for image in found} == {"READY"}
        return {
            image.id: [(each["size"], each["width"], each["height"]) for each in image.renditions]
            for image in found
        }

    @contextmanager
    def readers(self, links: Sequence[str]) -> Iterator[None]:
        """Someone who follows these links over and over, from the redirect to the rendition, until the block ends."""
        over = threading.Event()

        def read() -> None:
            with httpx.Client(follow_redirects=True, timeout=60) as client:
                while not over.wait(0.1):
                    for link in links:
                        self.answers[client.get(link).status_code] += 1

        thread = threading.Thread(target=read)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def expected(plan: Mapping[str, Any], image_ids: Sequence[str]) -> dict[str, list[tuple[str, int, int]]]:
    """What the plans OLD and NEW make of the photos."""
    if plan is OLD:
        return {image_id: [("thumb", 16, 12), ("w24", 24, 18)] for image_id in image_ids}
    return {
        image_id: [("thumb", 16, 16)] if image_id.startswith("b/") else [("thumb", 20, 15)]
        for image_id in image_ids
    }


@contextmanager
def plan_world(state_dir: Path) -> Iterator[PlanWorld]:
    """A stack with the plan OLD, and without a cache."""
    options = (
        "--cache",
        "none",
        "--parameter",
        f"RenditionPlan={json.dumps(OLD)}",
        "--parameter",
        "RenditionWidths=16,24",
    )
    with background.started(state_dir, *options) as stack:
        yield PlanWorld(stack, state_dir)


def change_with_kills(
    world: PlanWorld, image_ids: Sequence[str], kills: Sequence[str], *options: str
) -> None:
    """Applies the plan NEW, and takes it back, while a reader follows the links to some of the images.

    `kills` are the stages in which the command is killed and run again.
    """
    links = [
        world.stack.image_url(image_id, "?size=thumb")
        for image_id in image_ids[:: max(1, len(image_ids) // 8)]
    ]
    apply = ("plan", "apply", str(world.plan(NEW)), "--yes", *options)
    slowly = ("--concurrency", str(max(2, len(image_ids) // 250)))  # so that the kill comes in the middle
    back = ("plan", "apply", "--rollback")
    when = {
        "MAKING": world.run_is_under_way,
        "ROLLING_BACK": world.run_is_under_way,
        **{stage: world.reaches(stage) for stage in ("CANARY", "DEPLOYING")},
    }
    with world.readers(links):
        for stage in kills:
            if stage != "ROLLING_BACK":
                world.kill_when(when[stage], *apply, *slowly)
        if not world.reaches("DONE")():
            world.run(*apply)
        assert world.made(image_ids) == expected(NEW, image_ids)
        if "ROLLING_BACK" in kills:
            world.kill_when(when["ROLLING_BACK"], *back, *slowly)
        if not world.reaches("ROLLED_BACK")():
            world.run(*back)
        assert world.made(image_ids) == expected(OLD, image_ids)
    assert set(world.answers) == {200}, world.answers
