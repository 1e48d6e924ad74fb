"""The service in one process: the workflows' definitions, the functions' own handlers, the recorder, and the operator.

Real: the definitions and their JSONata, the functions and the engine, DynamoDB's expressions (moto), Redis and its
scripts, the recorder, the reconciler, `images failures` and `images replay`. Modelled: S3, Step Functions' loop,
CloudFront's cache, and the delivery of events, late, twice and in any order.
"""

from __future__ import annotations

import copy
import io
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import redis
from moto.dynamodb.models import dynamodb_backends
from PIL import Image

from imageservice.adapters.executions import Executions
from imageservice.adapters.image_table import ImageTable
from imageservice.adapters.manifest_cache import ManifestCache
from imageservice.adapters.redis_client import Timeouts
from imageservice.adapters.source_bucket import OriginalObject, describe_original
from imageservice.core.errors import StoreUnavailable
from imageservice.core.keys import cache_tag
from imageservice.core.original_metadata import FOCUS, REFOCUSED_FROM
from imageservice.core.reprocessing import Selection
from imageservice.core.timestamps import to_text
from imageservice.engine import ENGINE_VERSION
from imageservice.failures.failed_execution import FailedExecution
from imageservice.failures.notification import Notifier
from imageservice.failures.reconciler import Reconciler
from imageservice.failures.recorder import FailureRecorder
from imageservice.read_through import ReadThrough
from imageservice_operator.operations import failures, replay, storage
from imageservice_operator.operations.stack import Stack
from select_originals.selector import Selector
from simulation.edge import CloudFront
from simulation.expressions import Fill
from simulation.invariants import Invariants
from simulation.plans import PLANS
from simulation.scheduler import Hangs, Scheduler
from simulation.step_functions import PREFIX, Run, StepFunctions
from simulation.stores import (
    ACCOUNT,
    PROCESSED,
    REGION,
    S3,
    SOURCE,
    TABLE,
    DynamoDB,
    Originals,
    Version,
)
from simulation.tasks import SUBSTITUTIONS, Tasks

_PREFIXES = itertools.count()
_RUNS = itertools.count()


def good(number: int) -> bytes:
    """A tiny image, another one for each number."""
    file = io.BytesIO()
    Image.new("RGB", (8, 6), (number % 256, number // 256 % 256, 7)).save(file, "PNG")
    return file.getvalue()


BROKEN = b"no image"
# Its header is right, its pixels end early: the inspection accepts it, and Resize rejects it.
CUT_OFF = good(1)[:-20]


class World:
    """The service, with nothing uploaded yet. If `withheld` is a list, S3's events go there, and nowhere else.

    If `adopts`, a reprocessing also makes originals that have no item yet.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        dynamodb: Any,
        redis_client: Any,
        fill: Fill,
        definitions: Path,
        sequencer: Callable[[int], str],
    ) -> None:
        self.scheduler, self._sequencer = scheduler, sequencer
        self.withheld: list[tuple[str, dict[str, Any]]] | None = None
        self.adopts = True
        self._changes = 0
        self.plan, self.plans = PLANS[0], 1
        self.announced: list[dict[str, Any]] = []
        self.originals = Originals(self._changed)
        self.s3 = S3(scheduler, self.originals)
        self.invariants = Invariants(self)
        self.dynamodb = DynamoDB(scheduler, dynamodb, self.invariants.written)
        dynamodb_backends[ACCOUNT][REGION].tables[TABLE].items.clear()
        self.cdn = CloudFront(scheduler)
        self.table = ImageTable(self.dynamodb, TABLE)
        self.redis, connected = redis_client, _Redis(scheduler, redis_client)
        prefix = f"simulation-{next(_PREFIXES)}"
        self.cache = ManifestCache(lambda: connected, Timeouts(60, 60, 0), prefix)
        tasks = Tasks(scheduler, self.dynamodb, self.s3, self.cdn, self._announce)
        tasks.connect_functions(self.cache, lambda: self.plan)
        self.states = StepFunctions(
            scheduler, fill, definitions, SUBSTITUTIONS, tasks.carry_out, self._run_changed
        )
        self.recorder = FailureRecorder(
            self.dynamodb, TABLE, Executions(self.states), _Notifier(self.announced), self.s3
        )
        self.stack = Stack("local", REGION, _outputs(), self._client)

    # What clients do

    def put(self, key: str, body: bytes) -> Version:
        return self.originals.put(key, body)

    def delete(self, key: str) -> None:
        self.originals.delete(key)

    def refocus(self, key: str, focus: str, copied: Version | None = None) -> Version:
        """Copies the current original over itself with another focal point, as `images focus` does; or `copied`, an
        older version of the same bytes, which S3 lets the second of two at the same time do."""
        current = copied or self.originals.get(key, None)
        assert current.body is not None
        return self.originals.put(key, current.body, {FOCUS: focus, REFOCUSED_FROM: current.id})

    def read(self, key: str) -> Any:
        """A reader at the edge, which keeps the answer unless a purge went through meanwhile."""
        tag = cache_tag(key)
        if tag in self.cdn.cached:
            return self.cdn.cached[tag]
        purges = self.cdn.purges.get(tag, 0)
        try:
            manifest = ReadThrough(self.cache, lambda: self.table, wait=0).find(key).manifest
        except (StoreUnavailable, Hangs):
            return None
        if manifest and manifest["status"] == "READY" and self.cdn.purges.get(tag, 0) == purges:
            self.cdn.cached[tag] = manifest
        return manifest

    # What operators do

    def replay_all(self) -> list[Any]:
        found = failures.failed(self.stack)
        return replay.replay(self.stack, found, replay.Options(per_second=1e9))

    def replay_image(self, key: str, *, new_execution: bool = False) -> None:
        if self.table.get(key) is not None:
            replay.replay_image(self.stack, key, replay.Options(new_execution=new_execution))

    def reprocess(self, key: str, *, force: bool = False) -> None:
        selected = self._selected(key, Selection(force=force))
        if "event" in selected:
            self.states.start("ProcessImage", selected["event"])

    def redrive(self, number: int) -> None:
        """Redrives one of the executions that failed, even if something newer has overtaken it."""
        failed = [run for run in self.states.runs.values() if run.status in ("FAILED", "ABORTED")]
        if failed:
            self.states.redrive_execution(failed[number % len(failed)].arn)

    def reprocess_all(self) -> None:
        """A run of ReprocessImages: an execution for each image that needs one, and one purge when they have ended."""
        number, children = next(_RUNS), []

        def select() -> None:
            for key in sorted(self.originals.versions):
                selected = self._selected(key, Selection())
                if "event" in selected:
                    selected["event"]["detail"]["run"] = f"run-{number}"
                    children.append(self.states.start("ProcessImage", selected["event"]))

        self.scheduler.alone(select)
        while any(run.status == "RUNNING" and not run.redrives for run in children):
            self.scheduler.give_way(5)
        self.cdn.purge_answers(cache_tag(key) for key in self.originals.versions)

    def lose_cache(self) -> None:
        """Redis loses all that it has, as in a restart."""
        self.redis.flushall()

    def reconcile_storage(self) -> int:
        """How many objects were retired."""
        return sum(retired for _, retired in storage.retire(self.stack, storage.left_over(self.stack)))

    def reconcile(self) -> Any:
        reconciler = Reconciler(self.table, Executions(self.states), self.recorder)
        machines = [self.stack.machine_arn(machine) for machine in ("ProcessImage", "RemoveImage")]
        return reconciler.reconcile(machines, datetime.now(UTC), timedelta(days=13), timedelta(0))

    def _selected(self, key: str, selection: Selection) -> dict[str, Any]:
        if not self.adopts and self.table.get(key) is None:
            return {}
        selector = Selector(self.table, partial(_described, self.s3), self.plan, ENGINE_VERSION)
        return selector.select(key, selection, self.scheduler.now)

    # Events

    def _changed(self, kind: str, key: str, version: Version, deletion_type: str | None) -> None:
        """S3 announces a change: once or twice, soon or late."""
        self._changes += 1
        described: dict[str, Any] = {
            "key": key,
            "sequencer": self._sequencer(self._changes),
            "version-id": version.id,
        }
        if kind == "Object Created":
            described |= {"size": len(version.body or b""), "etag": version.etag}
        event = {
            "source": "aws.s3",
            "detail-type": kind,
            "time": to_text(self.scheduler.now.replace(microsecond=0)),
            "detail": {
                "reason": "PutObject",
                "bucket": {"name": SOURCE},
                "object": described,
                **({"deletion-type": deletion_type} if deletion_type else {}),
            },
        }
        machine = "ProcessImage" if kind == "Object Created" else "RemoveImage"
        if self.withheld is not None:
            self.withheld.append((machine, event))
            return
        late = self.scheduler.random.choice((1, 1, 1, 30, 150))
        self.states.start(machine, event, delay=late)
        if self.scheduler.faulty and self.scheduler.random.random() < 0.1:
            self.states.start(machine, event, delay=self.scheduler.random.choice((1, 20, 300)))

    def _run_changed(self, run: Run) -> None:
        """Step Functions announces the end of an execution, or a redrive: not always, and perhaps twice."""
        if run.status == "SUCCEEDED" or (run.status == "RUNNING" and not run.redrives):
            return
        described = run.described()
        chance = self.scheduler.random.random()
        deliveries = 1 if not self.scheduler.faulty or chance < 0.6 else 0 if chance < 0.85 else 2
        for _ in range(deliveries):
            late = self.scheduler.random.choice((1, 1, 20, 120))
            self.scheduler.start(partial(self._recorded, described), delay=late)

    def _recorded(self, change: dict[str, Any]) -> None:
        """RecordFailure, which Lambda runs up to three times; then the event is in the dead-letter queue."""
        for _ in range(3):
            was, before = copy.copy(self.states.runs[change["executionArn"]]), len(self.announced)
            try:
                self.recorder.handle(change)
                self.invariants.recorded(change, was, self.announced[before:])
            except (Exception, Hangs):  # noqa: BLE001 - whatever it is, Lambda tries again
                continue
            return

    def _announce(self, entry: dict[str, Any]) -> None:
        self.announced.append(entry)
        self.invariants.announced(entry)

    def _client(self, service: str, config: Any = None) -> Any:
        return {"dynamodb": self.dynamodb, "stepfunctions": self.states, "s3": self.s3}[service]


class _Redis:
    """A client of Redis whose commands go through the scheduler."""

    def __init__(self, scheduler: Scheduler, client: Any) -> None:
        self._scheduler, self._client = scheduler, client

    def __getattr__(self, name: str) -> Any:
        command = getattr(self._client, name)

        def called(*arguments: Any, **options: Any) -> Any:
            return self._scheduler.call(
                lambda: command(*arguments, **options), lambda: redis.ConnectionError("injected")
            )

        return called


class _Notifier(Notifier):
    """Takes the place of the event bus and the topic for failures."""

    def __init__(self, announced: list[dict[str, Any]]) -> None:
        self._announced = announced

    def announce(self, failed: FailedExecution) -> None:
        detail = {"id": failed.upload.id, "execution": failed.arn, "redrives": failed.redrives}
        self._announced.append({"DetailType": "ImageFailed", "Detail": detail})


def _described(s3: Any, key: str) -> Any:
    return describe_original(s3, OriginalObject(SOURCE, key))


def _outputs() -> dict[str, str]:
    machines = {f"{name}Arn": f"{PREFIX}:stateMachine:{name}" for name in ("ProcessImage", "RemoveImage")}
    return {**machines, "ImageTableName": TABLE, "SourceBucketName": SOURCE, "ProcessedBucketName": PROCESSED}
