"""`python -m bombs.worker FUNCTION FILE`: one function's own handler on one file, in a process of its own.

Standard input is the handler's event, standard output what the call cost, as JSON. S3 is the file: its
requests are counted.
"""

import io
import json
import re
import resource
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3

from imageservice.adapters.plan_loader import load_plan
from imageservice.adapters.processed_bucket import Renditions
from imageservice.adapters.source_bucket import RangedOriginal, read_original
from imageservice.core.limits import Limits
from imageservice.engine.pillow_limits import set_pillow_limits

# Protects the machine that the test runs on. What needs more fails the test anyway.
_ADDRESS_SPACE = 6 << 30
_CONTEXT: Any = SimpleNamespace(
    function_name="f", memory_limit_in_mb=1, invoked_function_arn="arn", aws_request_id="request"
)
_STORED_AT = datetime(2026, 1, 1, tzinfo=UTC)


class FileStore:
    """S3 with one object, the file, of which ranges can be read. What is put is dropped."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self.requests = 0

    def get_object(self, **arguments: str) -> dict[str, Any]:
        self.requests += 1
        with self._path.open("rb") as file:
            if "Range" not in arguments:
                return {"Body": io.BytesIO(file.read()), "LastModified": _STORED_AT}
            first, last = (int(edge) for edge in arguments["Range"].removeprefix("bytes=").split("-"))
            file.seek(first)
            return {"Body": io.BytesIO(file.read(last + 1 - first)), "LastModified": _STORED_AT}

    def put_object(self, **_: object) -> dict[str, str]:
        return {}


def handler_of(function: str, store: FileStore) -> Callable[[dict[str, Any], Any], Mapping[str, Any]]:
    """The function's handler, which finds the file where its original is expected."""
    set_pillow_limits()
    if function == "inspect":
        from inspect_original import bootstrap as inspection
        from inspect_original.handler import handler as inspect

        known = inspection.Dependencies(partial(RangedOriginal, store), Limits(), load_plan())
        inspection.dependencies = lambda: known  # type: ignore[assignment]
        return inspect
    from resize import bootstrap as resizing
    from resize.handler import handler as resize
    from resize.sizer import Sizer

    sizer = Sizer(partial(read_original, store), Renditions(store, "renditions"), Limits())
    resizing.sizer = lambda: sizer  # type: ignore[assignment]
    return resize


def called(
    handler: Callable[[dict[str, Any], Any], Mapping[str, Any]], event: dict[str, Any]
) -> dict[str, Any]:
    """What the handler returned, or why it rejected the image, and its CPU seconds."""
    began = time.process_time()
    answer = handler(event, _CONTEXT)
    seconds = time.process_time() - began
    reason = answer.get("rejection", "")
    return {"answer": None if reason else answer, "reason": reason, "seconds": seconds}


def peak_memory() -> int:
    """In MB. Not ru_maxrss, which a process inherits."""
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert peak is not None
    return int(peak[1]) // 1024


def main() -> None:
    function, path = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    # What a handler logs goes to standard output.
    output, sys.stdout = sys.stdout, sys.stderr
    boto3.client("s3", region_name="us-east-1")  # unused: for the memory that a function has in use
    store = FileStore(path)
    handler = handler_of(function, store)
    report = called(handler, json.load(sys.stdin))
    json.dump({**report, "peak": peak_memory(), "requests": store.requests}, output)


if __name__ == "__main__":
    main()
