"""The `run` command: a stack (the one that runs, else a new one), the files in it, and what became of them."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from local import client
from local.options import Options
from local.run import attach, report, uploads
from local.run.watch import Watch
from local.signals import Stopped

UPLOADERS = 4


class StackGone(Exception):
    """The stack ended while it was used; the message says which."""


@dataclass(frozen=True)
class Request:
    """What `run` was asked for."""

    files: list[Path]
    once: bool
    time_limit: float


def run(options: Options, request: Request) -> int:
    """Upload, watch, show; with `once` return then, else serve until a signal. Gives the exit code.

    0 if every image is READY, or if a signal ends the serving of a stack that is ours; else 1. Raises
    UnusableFiles before anything starts, what keeps a stack from starting, StackGone, and Stopped for a signal
    before the images' fate is known.
    """
    files = request.files or uploads.samples()
    uploads.check(files)
    console = Console(stderr=True)
    with attach.stack(options, console) as (stack, ours):
        try:
            finished = _process(stack, files, request.time_limit, console)
        except (BotoCoreError, ClientError, Boto3Error) as error:
            if attach.answers(stack):
                raise
            raise StackGone(
                f"the stack at {stack.endpoint_url} ended while it was used: what became of the images is unknown"
            ) from error
        code = 0 if all(item["status"] == "READY" for item, _ in finished) else 1
        if request.once:
            for item, seconds in finished:
                print(json.dumps(report.as_json(item, stack, seconds), ensure_ascii=False), flush=True)
            return code
        out = Console(width=500)  # a link that is cut or folded is none; a narrower terminal wraps by itself
        for item, seconds in finished:
            report.show(out, item, stack, seconds)
        _say_where(out, stack, options)
        if not ours:
            return code
        out.print("Ctrl-C stops it.")
        with contextlib.suppress(Stopped):
            threading.Event().wait()
    return 0


class _Amount(ProgressColumn):
    """How much is done of how much: megabytes for a task that counts bytes, else a count."""

    def render(self, task: Task) -> Text:
        done, total = task.completed, task.total or 0
        if task.fields.get("bytes"):
            return Text(f"{done / 1e6:.1f}/{total / 1e6:.1f} MB")
        return Text(f"{done:.0f}/{total:.0f}")


def _process(
    stack: client.Stack, files: list[Path], time_limit: float, console: Console
) -> list[tuple[dict[str, Any], float]]:
    """The final item of each file, in the order of the files, with the seconds from its upload's end."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        _Amount(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as progress:
        sending = progress.add_task(
            "uploading", total=max(1, sum(path.stat().st_size for path in files)), bytes=True
        )
        with ThreadPoolExecutor(UPLOADERS) as pool:
            made = list(
                pool.map(
                    lambda path: _timed(stack, path, lambda count: progress.advance(sending, count)), files
                )
            )
        progress.remove_task(sending)
        working = progress.add_task("processing", total=len(files))
        watch, items = Watch(stack), {}
        for item in watch.finished([upload for upload, _ in made], time.monotonic() + time_limit):
            items[item["id"]] = (item, time.monotonic())
            progress.advance(working)
    pending = [upload.id for upload, _ in made if upload.id not in items]
    if pending:
        console.print(
            f"still pending after {time_limit:g} s: {', '.join(pending)}", markup=False, soft_wrap=True
        )
        known = {item["id"]: item for item in watch.items(pending)}
        for image_id in pending:
            items[image_id] = (report.unfinished(image_id, known.get(image_id), time_limit), time.monotonic())
    return [(items[upload.id][0], items[upload.id][1] - sent) for upload, sent in made]


def _timed(stack: client.Stack, path: Path, sent: Any) -> tuple[uploads.Upload, float]:
    upload = uploads.upload(stack, path, sent)
    return upload, time.monotonic()


def _say_where(console: Console, stack: client.Stack, options: Options) -> None:
    places = {
        "edge": stack.outputs.get("CdnUrl"),
        "API": stack.outputs.get("ApiUrl"),
        "console": stack.console_url,
        "AWS endpoint": stack.endpoint_url,
        "Redis": stack.redis_url,
        "for programs": str(options.state_dir / "stack.json"),
    }
    for name, place in places.items():
        if place:
            console.print(f"{name:13} {place}", markup=False, soft_wrap=True, highlight=False)
