"""The `run` command: finds or starts a stack, uploads the files, shows each image's outcome."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

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

from imageservice_operator.operations import uploads
from imageservice_operator.operations.stack import Stack
from imageservice_operator.operations.standard_output import StandardOutput
from imageservice_operator.operations.uploads import Upload
from local import garbage
from local.options import Options
from local.run import attach, files, report
from local.run.report import Outcome
from local.signals import Stopped

UPLOADERS = 4


class StackGone(Exception):
    """The stack ended while it was in use; the message says which."""


@dataclass(frozen=True)
class Request:
    """The arguments of `run`."""

    files: list[Path]
    once: bool
    time_limit: float


def run(options: Options, request: Request) -> int:
    """Upload, wait, show; then return (`once`) or serve until a signal. Returns the exit code.

    It is 0 if every image is READY, or if a signal ends a stack that this process serves; otherwise 1. Raises
    UnusableFiles before anything starts, the errors that keep a stack from starting, StackGone, and Stopped for a
    signal before the outcomes are known.
    """
    paths = request.files or files.samples()
    files.check(paths)
    console = Console(stderr=True)
    with attach.stack(options, console) as (stack, ours):
        garbage.keep_what_is()
        if not request.once and stack.console_url:
            StandardOutput(width=500).print(f"console       {stack.console_url}\n", markup=False)
        try:
            outcomes = _process(stack, paths, request.time_limit, console)
        except (BotoCoreError, ClientError, Boto3Error) as error:
            if stack.answers():
                raise
            raise StackGone(
                f"the stack at {stack.endpoint_url} ended while it was in use: the outcome of the images is unknown"
            ) from error
        code = 0 if all(outcome.image.status == "READY" for outcome in outcomes) else 1
        if request.once:
            for outcome in outcomes:
                print(json.dumps(report.as_json(stack, outcome), ensure_ascii=False), flush=True)
            return code
        # A link that is cut or folded does not work; a narrower terminal wraps by itself.
        out = StandardOutput(width=500)
        for outcome in outcomes:
            report.show(out, stack, outcome)
        _say_where(out, stack, options)
        if not ours:
            return code
        out.print("Ctrl-C stops it.")
        with contextlib.suppress(Stopped):
            threading.Event().wait()
    return 0


class _Amount(ProgressColumn):
    """The progress, as done/total: in megabytes for a task that counts bytes, otherwise a count."""

    def render(self, task: Task) -> Text:
        done, total = task.completed, task.total or 0
        if task.fields.get("bytes"):
            return Text(f"{done / 1e6:.1f}/{total / 1e6:.1f} MB")
        return Text(f"{done:.0f}/{total:.0f}")


def _process(stack: Stack, files: list[Path], time_limit: float, console: Console) -> list[Outcome]:
    """The outcome of each file, in the order of the files."""
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
        total = max(1, sum(path.stat().st_size for path in files))
        sending = progress.add_task("uploading", total=total, bytes=True)

        def send(path: Path) -> tuple[Upload, float]:
            upload = uploads.upload(
                stack, path, path.name, on_progress=lambda count: progress.advance(sending, count)
            )
            return upload, time.monotonic()

        with ThreadPoolExecutor(UPLOADERS) as pool:
            sent = dict(pool.map(send, files))
        progress.remove_task(sending)
        working = progress.add_task("processing", total=len(files))
        outcomes, pending = {}, []
        for upload, image in uploads.wait_until_settled(stack, list(sent), timeout=time_limit):
            seconds = time.monotonic() - sent[upload]
            outcomes[upload] = report.outcome(upload.id, image, seconds, time_limit)
            progress.advance(working)
            if image is None or image.status not in uploads.SETTLED:
                pending.append(upload.id)
    if pending:
        line = f"still pending after {time_limit:g} s: {', '.join(pending)}"
        console.print(line, markup=False, soft_wrap=True)
    return [outcomes[upload] for upload in sent]


def _say_where(console: Console, stack: Stack, options: Options) -> None:
    places = {
        "edge": stack.outputs.get("CdnUrl"),
        "API": stack.outputs.get("ApiUrl"),
        "AWS endpoint": stack.endpoint_url,
        "Redis": stack.redis_url,
        "for programs": str(options.state_dir / "stack.json"),
    }
    for name, place in places.items():
        if place:
            console.print(f"{name:13} {place}", markup=False, soft_wrap=True, highlight=False)
