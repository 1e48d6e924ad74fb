"""The `run` command: a stack (the one that runs, else a new one), the files in it, and what became of them."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from local import client
from local.options import Options
from local.run import report, uploads
from local.run.watch import Watch

UPLOADERS = 4


@dataclass(frozen=True)
class Request:
    """What `run` was asked for."""

    files: list[Path]
    once: bool
    time_limit: float


def run(options: Options, request: Request) -> int:
    """Upload, watch, show; with `once` return then, else serve until a signal. Gives the exit code.

    Raises UnusableFiles before anything starts, and what keeps a stack from starting.
    """
    files = request.files or uploads.samples()
    uploads.check(files)
    console = Console(stderr=True)
    with _stack(options, console) as (stack, ours):
        finished = _process(stack, files, request.time_limit, console)
        if request.once:
            for item, seconds in finished:
                print(json.dumps(report.as_json(item, stack, seconds), ensure_ascii=False), flush=True)
            return 0 if all(item["status"] == "READY" for item, _ in finished) else 1
        out = Console(width=500)  # a link that is cut or folded is none; a narrower terminal wraps by itself
        for item, seconds in finished:
            report.show(out, item, stack, seconds)
        _say_where(out, stack, options)
        if ours:
            out.print("Ctrl-C stops it.")
            threading.Event().wait()
    return 0


@contextlib.contextmanager
def _stack(options: Options, console: Console) -> Iterator[tuple[client.Stack, bool]]:
    """The stack that runs on the state directory, or a new one; and whether it is ours to stop."""
    with contextlib.suppress(client.NoStack):
        stack = client.load(options.state_dir)
        if _answers(stack):
            yield stack, False
            return
    from local.stack import running

    with contextlib.ExitStack() as context:
        with console.status("starting the stack") if console.is_terminal else contextlib.nullcontext():
            stack = context.enter_context(running(options))
        yield stack, True


def _answers(stack: client.Stack) -> bool:
    address = urlsplit(stack.endpoint_url)
    try:
        with socket.create_connection((address.hostname or "", address.port or 80), timeout=1):
            return True
    except OSError:
        return False


def _process(
    stack: client.Stack, files: list[Path], time_limit: float, console: Console
) -> list[tuple[dict[str, Any], float]]:
    """The final item of each file, in the order of the files, with the seconds from its upload's end."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as progress:
        sending = progress.add_task(
            "uploading (bytes)", total=max(1, sum(path.stat().st_size for path in files))
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
