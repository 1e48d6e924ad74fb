"""What clients and operators do to a running stack, at random, while its calls fail."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import httpx
from botocore.exceptions import ClientError
from service import Service
from simulation.world import BROKEN, CUT_OFF, good
from waiting import until

from imageservice_operator.operations import executions, failures, reconcile, replay, reprocess, storage
from imageservice_operator.operations.errors import OperationFailed

FOLDER = "faulty/"
Kind = Literal["good", "broken", "cut off", "delete"]
_UPLOADS: dict[Kind, int] = {"good": 8, "broken": 1, "cut off": 1}
# How often each of these comes for ten uploads.
_OTHERS = {
    "delete": 3.0,
    "read": 6.0,
    "reprocess": 1.5,
    "force": 0.5,
    "replay": 2.0,
    "redrive": 2.0,
    "restart": 0.7,
    "stop": 0.7,
    "replay all": 0.3,
    "run": 0.3,
    "plan": 0.3,
}
PLANS = tuple(
    {"sizes": [{"name": name, "width": width}], "formats": ["webp", "fallback"]}
    for name, width in (("small", 4), ("medium", 6))
)
_PAUSES = (0.0, 0.0, 0.1, 0.3, 1.0)
_DRAINED_S = 900


@dataclass(frozen=True)
class Change:
    """An upload or a deletion: the version that it made, and an upload's bytes."""

    kind: Kind
    version: str
    body: bytes | None


@dataclass
class History:
    """Everything that was done. `changes` has each key's uploads and deletions in order."""

    service: Service
    state_dir: Path
    seed: int
    rate: float
    keys: int
    changes: dict[str, list[Change]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    plan: int = 0

    def __post_init__(self) -> None:
        self.random = random.Random(f"live {self.seed}")
        stack = self.service.stack
        self._states, self._s3 = stack.client("stepfunctions"), stack.client("s3")
        self._lambda = stack.client("lambda")
        self._runs: list[str] = []

    def run(self, uploads: int, seconds: float = 0) -> None:
        """So many uploads, and what comes between them, for at least so long; returns when everything has ended."""
        self.use_plan(0)
        self.faults(self.rate)
        begun = time.monotonic()
        kinds = list(_UPLOADS | _OTHERS)
        weights = list((_UPLOADS | _OTHERS).values())
        while sum(self.counts[kind] for kind in _UPLOADS) < uploads or time.monotonic() - begun < seconds:
            kind = self.random.choices(kinds, weights)[0]
            key = f"{FOLDER}key-{self.random.randrange(self.keys)}"
            self.counts[kind] += 1
            _DO[kind](self, key)
            time.sleep(self.random.choice(_PAUSES))
        self.faults(0)
        self.drain()

    def repair(self) -> None:
        """What operators do afterwards: resume the runs that failed, replay all that failed, and reconcile."""
        stack = self.service.stack
        for run in self._runs:
            if executions.describe(stack, run).status not in ("SUCCEEDED", executions.RUNNING):
                reprocess.resume(stack, run)
        self.drain()
        replay.followed(stack, replay.replay(stack, failures.failed(stack), replay.Options(per_second=50)))
        self.drain()
        reconcile.run(stack)
        self.drain()
        for _, retired in storage.retire(stack, storage.left_over(stack, older_than=timedelta(0))):
            self.counts["left over"] += retired

    def faults(self, rate: float) -> None:
        """From now on this part of all calls fails."""
        text = json.dumps({"seed": self.seed, "rate": rate})
        (self.state_dir / "faults.new").write_text(text)
        (self.state_dir / "faults.new").rename(self.state_dir / "faults.json")

    def use_plan(self, number: int) -> None:
        """As a deployment with another RenditionPlan."""
        self.plan = number
        pages = self._lambda.get_paginator("list_functions").paginate()
        names = [each["FunctionName"] for page in pages for each in page["Functions"]]
        for name in names:
            if "InspectOriginalFunction" in name or "SelectOriginalsFunction" in name:
                before = self._lambda.get_function_configuration(FunctionName=name)["Environment"][
                    "Variables"
                ]
                variables = {**before, "RENDITION_PLAN": json.dumps(PLANS[number])}
                self._lambda.update_function_configuration(
                    FunctionName=name, Environment={"Variables": variables}
                )

    def drain(self) -> None:
        """Waits until no execution runs, also of those that late events begin."""
        quiet = 0

        def idle() -> bool:
            nonlocal quiet
            quiet = 0 if self._running() else quiet + 1
            time.sleep(0.5)
            return quiet > 6

        until(idle, lambda: f"running: {self._running()}", _DRAINED_S)

    def put(self, key: str, kind: Kind, body: bytes) -> None:
        bucket = self.service.stack.outputs["SourceBucketName"]
        version = self._s3.put_object(Bucket=bucket, Key=key, Body=body)["VersionId"]
        self.changes.setdefault(key, []).append(Change(kind, version, body))

    def delete(self, key: str) -> None:
        """Nothing if nothing was uploaded: MiniStack, unlike S3, announces no deletion then."""
        if key not in self.changes:
            return
        bucket = self.service.stack.outputs["SourceBucketName"]
        version = self._s3.delete_object(Bucket=bucket, Key=key)["VersionId"]
        self.changes.setdefault(key, []).append(Change("delete", version, None))

    def read(self, key: str) -> None:
        """At the edge, which keeps what it gets."""
        for kind in ("metadata", "images"):
            httpx.get(f"{self.service.stack.outputs['CdnUrl']}/{kind}/{key}", timeout=60)

    def redrive(self, _: str) -> None:
        """One of the executions that failed, however old; even one that something newer has overtaken."""
        failed = self._of_status("FAILED") + self._of_status("ABORTED")
        if failed:
            chosen = self.random.choice(sorted(failed))
            self._refusable(lambda: self._states.redrive_execution(executionArn=chosen))

    def stop(self, _: str) -> None:
        if running := self._of_status("RUNNING"):
            chosen = self.random.choice(sorted(running))
            self._states.stop_execution(executionArn=chosen, error="Stopped", cause="by the test")

    def reprocess(self, key: str, *, force: bool) -> None:
        self._refusable(lambda: reprocess.start_images(self.service.stack, [key], force=force))

    def reprocess_all(self, _: str) -> None:
        self._runs.append(reprocess.start(self.service.stack, reprocess.Selection(FOLDER), concurrency=5))

    def replay(self, key: str, *, new_execution: bool) -> None:
        if self.service.item(key):
            options = replay.Options(new_execution=new_execution)
            self._refusable(lambda: replay.replay_image(self.service.stack, key, options))

    def replay_all(self, _: str) -> None:
        found = failures.failed(self.service.stack)
        self._refusable(lambda: replay.replay(self.service.stack, found, replay.Options(per_second=50)))

    def _refusable(self, command: Callable[[], Any]) -> None:
        """An operator's command may come too late, or meet a fault of the function that it calls."""
        try:
            command()
        except (ClientError, OperationFailed) as error:
            self.counts[f"refused: {type(error).__name__}"] += 1

    def _of_status(self, status: str, machines: Sequence[str] = ()) -> list[str]:
        """Executions of ProcessImage and RemoveImage, or of these machines."""
        stack = self.service.stack
        found = []
        for machine in machines or [stack.machine_arn(name) for name in ("ProcessImage", "RemoveImage")]:
            pages = self._states.get_paginator("list_executions").paginate(
                stateMachineArn=machine,
                statusFilter=status,  # type: ignore[arg-type]
            )
            found += [each["executionArn"] for page in pages for each in page["executions"]]
        return found

    def executions(self) -> int:
        """How many of all workflows there were."""
        machines = self._states.list_state_machines()["stateMachines"]
        arns = [each["stateMachineArn"] for each in machines]
        return sum(len(self._of_status(status, arns)) for status in executions.ENDED)

    def _running(self) -> list[str]:
        machines = self._states.list_state_machines()["stateMachines"]
        return self._of_status("RUNNING", [each["stateMachineArn"] for each in machines])


_DO: dict[str, Callable[[History, str], Any]] = {
    "good": lambda history, key: history.put(key, "good", good(history.counts["good"])),
    "broken": lambda history, key: history.put(key, "broken", BROKEN),
    "cut off": lambda history, key: history.put(key, "cut off", CUT_OFF),
    "delete": History.delete,
    "read": History.read,
    "reprocess": lambda history, key: history.reprocess(key, force=False),
    "force": lambda history, key: history.reprocess(key, force=True),
    "replay": lambda history, key: history.replay(key, new_execution=False),
    "restart": lambda history, key: history.replay(key, new_execution=True),
    "redrive": History.redrive,
    "stop": History.stop,
    "replay all": History.replay_all,
    "run": History.reprocess_all,
    "plan": lambda history, _: history.use_plan(1 - history.plan),
}
