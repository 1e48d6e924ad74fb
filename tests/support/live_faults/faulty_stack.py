"""The local stack with faults: a program that takes the place of `python -m local`, and its options.

Every call to AWS that a workflow or a function makes may fail before its effect, fail after it, hang, have its effect
long after it was given up, or have it twice: this is at the stack's own front, so it concerns the tasks of all
workflows (Lambda, DynamoDB, S3, CloudFront, EventBridge, Step Functions) and the calls of all functions alike. Events
of S3 come late or twice; those of failures may also be lost, because they are best effort.

`faults.json` in the state directory has the seed and the rate, and is read at each call. What happens to a call
depends on the seed, the call's operation and image, and how many there were of it: not on when it comes.
`faults.log` has a line for each fault.
"""

from __future__ import annotations

import asyncio
import contextvars
import json
import random
import re
import sys
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from local import __main__ as command_line
from local import patches
from local.patches.patch import wrap

OPERATOR = "test"
"""The access key of the tests and of the operator's commands, whose calls do not fail."""
IMAGE = re.compile(r"faulty/key-\d+")
# These only look at what another call has begun; those would never be sent on AWS.
SPARED = ("DescribeExecution", "AssumeRole")
# Longer than any task waits in the definitions that the tests deploy.
HANG_S = 20.0
LATE_S = (0.2, 2.0, 18.0)

App = Callable[..., Awaitable[None]]


class Faults:
    """Decides what happens to each call."""

    def __init__(self, state_dir: Path) -> None:
        self._settings, self._log = state_dir / "faults.json", state_dir / "faults.log"
        self._log.touch()
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def fault(self, call: str, kinds: tuple[str, ...]) -> tuple[str, random.Random]:
        """One of the kinds, or nothing; and a source of numbers for its details."""
        settings = json.loads(self._settings.read_text()) if self._settings.exists() else {"rate": 0}
        with self._lock:
            self._counts[call] += 1
            choose = random.Random(f"{settings.get('seed')} {call} {self._counts[call]}")
            if choose.random() >= settings["rate"]:
                return "", choose
            kind = choose.choice(kinds)
            with self._log.open("a") as log:
                log.write(json.dumps({"fault": kind, "call": call, "number": self._counts[call]}) + "\n")
        return kind, choose


class FaultyFront:
    """The stack's HTTP front, which it calls in turn."""

    def __init__(self, app: App, faults: Faults) -> None:
        self._app, self._faults = app, faults

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        call = _call(scope) if scope["type"] == "http" else None
        if call is None:
            await self._app(scope, receive, send)
            return
        service, operation = call
        body = await _whole(receive)
        image = IMAGE.search(f"{scope['path']} {body.decode(errors='replace')}")
        name = f"{service} {operation} {image[0] if image else '-'}"
        kind, choose = self._faults.fault(name, ("before", "after", "hang", "late", "twice"))
        if kind == "before":
            await _refuse(send, service)
            return
        if kind == "hang":
            await asyncio.sleep(HANG_S)
            await _refuse(send, service)
            return
        if kind == "late":
            late = choose.choice(LATE_S)
            await asyncio.sleep(late)
            await self._answer(scope, body)
            await asyncio.sleep(HANG_S - late)
            await _refuse(send, service)
            return
        if kind == "twice":
            await self._answer(scope, body)
        answer = await self._answer(scope, body)
        if kind == "after":
            await _refuse(send, service)
            return
        for message in answer:
            await send(message)

    async def _answer(self, scope: dict[str, Any], body: bytes) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = []
        given = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            if not given:
                await asyncio.Event().wait()  # the caller stays connected
            return given.pop()

        async def send(message: dict[str, Any]) -> None:
            messages.append(message)

        await self._app(dict(scope), receive, send)
        return messages


def _call(scope: dict[str, Any]) -> tuple[str, str] | None:
    """The service and the operation of a call that may fail; None for those of readers and operators."""
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
    signed = re.search(r"Credential=([^/]+)/\d+/[\w-]+/([\w-]+)/", headers.get("authorization", ""))
    if signed is None or signed[1] == OPERATOR:
        return None
    target = headers.get("x-amz-target", "").rpartition(".")[2]
    if target in SPARED or signed[2] == "sts":
        return None
    path = str(scope["path"])
    invoked = re.search(r"/functions/([^/]+)/invocations", path)
    named = re.sub(r"^.*:function:|-[^-]*$", "", invoked[1]) if invoked else ""
    if signed[2] == "s3":
        return "s3", f"{scope['method']} {path.split('/')[1].rpartition('-')[0]}"
    return signed[2], target or named or f"{scope['method']} {path.split('/')[-2]}"


async def _whole(receive: Any) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _refuse(send: Any, service: str) -> None:
    """As the service reports an error of its own."""
    name = "ServiceException" if service == "lambda" else "InternalServerError"
    if service in ("s3", "cloudfront"):
        text = f"<ErrorResponse><Error><Code>{name}</Code><Message>injected</Message></Error></ErrorResponse>"
        text = f"<Error><Code>{name}</Code><Message>injected</Message></Error>" if service == "s3" else text
    else:
        text = json.dumps({"__type": name, "message": "injected"})
    headers = [(b"x-amzn-errortype", name.encode()), (b"x-amzn-requestid", b"injected")]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


def deliver(faults: Faults, original: Callable[..., None], target: Any, event: Any, *others: Any) -> None:
    """EventBridge delivers an event: at least once if it is S3's, at best once if it is a workflow's end."""
    source = event.get("Source")
    if source not in ("aws.s3", "aws.states"):
        original(target, event, *others)
        return
    image = IMAGE.search(str(event.get("Detail")))
    kinds = ("late", "twice", "twice late") if source == "aws.s3" else ("late", "twice", "lost")
    kind, choose = faults.fault(f"event {event.get('DetailType')} {image[0] if image else '-'}", kinds)
    if kind == "lost":
        return
    if kind != "late":
        original(target, event, *others)
    if kind == "twice":
        original(target, event, *others)
    if "late" in kind:
        delivery = contextvars.copy_context()
        late = threading.Timer(choose.choice(LATE_S), delivery.run, (original, target, event, *others))
        late.daemon = True
        late.start()


def apply(original: Callable[..., Any], options: Any, *others: Any) -> Any:
    """The stack's own patches, and then the faults."""
    result = original(options, *others)
    from ministack import app
    from ministack.services import eventbridge

    faults = Faults(options.state_dir)
    app.app = FaultyFront(app.app, faults)
    wrap(eventbridge, "_invoke_target", lambda *given: deliver(faults, *given))
    return result


if __name__ == "__main__":
    wrap(patches, "apply", apply)
    sys.exit(command_line.main())
