"""What every history needs, made once: Redis, DynamoDB, JSONata."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

os.environ |= {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "POWERTOOLS_METRICS_NAMESPACE": "ImageService",
    "POWERTOOLS_SERVICE_NAME": "tests",
}

import redis as redis_client
from image_tables import dynamodb

from dev.checks import ROOT
from local.redis_server import RedisServer
from simulation.expressions import jsonata
from simulation.history import Found, History, run, shrunk
from simulation.scheduler import Scheduler
from simulation.tasks import functions_as_found
from simulation.world import World

# A function that waits for another call, while the other one writes the metrics of both.
warnings.filterwarnings("ignore", message="No application metrics")


class Runner:
    """What every history needs, made once."""

    def __init__(self, dynamodb: Any, redis: Any, fill: Any, definitions: Path) -> None:
        self._made = dynamodb, redis, fill, definitions

    def world(self, scheduler: Scheduler, sequencer: Callable[[int], str]) -> World:
        """A new world, with nothing uploaded yet."""
        return World(scheduler, *self._made, sequencer)

    def run(self, history: History) -> Found:
        try:
            return run(history, *self._made)
        except AssertionError as error:
            return Found([f"{type(error).__name__}: {error}"], 0, 0, 0, 0)

    def shrunk(self, history: History) -> History:
        kinds = self.run(history).kinds
        return shrunk(history, lambda smaller: bool(self.run(smaller).kinds & kinds))


@contextlib.contextmanager
def runner(definitions: Path = ROOT / "statemachine") -> Iterator[Runner]:
    """What every history needs. At the end, this process is as it was: other tests run in it, too."""
    with (
        functions_as_found(),
        TemporaryDirectory() as folder,
        RedisServer(Path(folder) / "redis.log") as server,
    ):
        client = redis_client.Redis.from_url(server.url, protocol=2)
        with dynamodb() as table, jsonata() as fill:
            yield Runner(table, client, fill, definitions)
        client.close()
