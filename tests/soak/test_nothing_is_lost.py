"""Two hundred uploads while every fifth Lambda call fails at random: none is lost.

Takes a minute, so `./scripts/test` runs it only if the stage `soak` is given. `.venv/test/bin/pytest tests/soak -s`
shows the numbers.
The faults come from a wrapper that this test deploys around the functions' own handlers.
"""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from imageservice_operator.operations import executions, failures, images, replay, uploads
from imageservice_operator.operations.stack import Stack
from local import background

FUNCTIONS = Path(__file__).parents[2] / "functions"
UPLOADS, FAILING = 200, 0.2
BROKEN = {
    "InspectOriginalFunction": "inspect_original",
    "ResizeFunction": "resize",
    "RefreshCacheFunction": "refresh_cache",
}
WRAPPER = """
import importlib, os, random

wrapped = importlib.import_module(os.environ["WRAPPED"]).handler

def handler(event, context):
    if random.random() < {failing}:
        raise random.choice([ConnectionError, TimeoutError, RuntimeError])("injected")
    answer = wrapped(event, context)
    if random.random() < {failing} / 4:
        raise RuntimeError("injected after the work was done")
    return answer
"""


def artifact(folder: str) -> bytes:
    """A function's code with the failing wrapper beside it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("faulty.py", WRAPPER.format(failing=FAILING))
        for part in ("imageservice", folder):
            for file in sorted((FUNCTIONS / part).rglob("*")):
                if file.is_file() and "__pycache__" not in file.parts:
                    archive.writestr(file.relative_to(FUNCTIONS).as_posix(), file.read_bytes())
    return out.getvalue()


def break_functions(stack: Stack) -> None:
    client = stack.client("lambda")
    names = [each["FunctionName"] for each in client.list_functions(MaxItems=50)["Functions"]]
    for logical_id, folder in BROKEN.items():
        name = next(each for each in names if logical_id in each)
        variables = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        client.update_function_code(FunctionName=name, ZipFile=artifact(folder))
        client.update_function_configuration(
            FunctionName=name,
            Handler="faulty.handler",
            Environment={"Variables": {**variables, "WRAPPED": f"{folder}.handler"}},
        )


def photo(number: int) -> io.BytesIO:
    out = io.BytesIO()
    Image.new("RGB", (200, 150), (number % 256, number * 7 % 256, 120)).save(out, "JPEG")
    out.seek(0)
    return out


@pytest.mark.timeout(1500)
def test_no_upload_is_lost_while_a_fifth_of_the_calls_fail(tmp_path: Path) -> None:
    with background.started(tmp_path) as stack:
        break_functions(stack)
        begun = time.monotonic()
        sent = [uploads.upload(stack, photo(number), f"soak/{number:03}.jpg") for number in range(UPLOADS)]
        settled = dict(uploads.wait_until_settled(stack, sent, timeout=900))
        took = time.monotonic() - begun
        first = Counter(image.status if image else None for image in settled.values())
        rounds = 0
        while (failed := failures.failed(stack)) and rounds < 10:
            rounds += 1
            replay.followed(stack, replay.replay(stack, failed, replay.Options(per_second=20)))
        after = Counter(image.status for image in images.get_many(stack, [each.id for each in sent]).values())
        arns = [each.arn for each in executions.of_status(stack)]
        calls = Counter(
            event["type"]
            for arn in arns
            for event in executions.history(stack, arn)
            if next((v for k, v in event.items() if k.startswith("task")), {}).get("resourceType") == "lambda"
        )
        numbers = {
            "uploads": UPLOADS,
            "seconds": round(took),
            "by the workflow's own retries": first,
            "rounds of replay": rounds,
            "in the end": after,
            "executions": len(arns),
            "Lambda calls": calls["TaskStarted"],
            "of which failed": calls["TaskFailed"],
        }
        print(json.dumps(numbers))
        assert after == {"READY": UPLOADS}
        assert len(arns) == UPLOADS
        assert {image.revision for image in images.get_many(stack, [each.id for each in sent]).values()} == {
            1
        }
