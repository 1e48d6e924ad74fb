"""A live stack goes through its cache modes while an image is replaced again and again, and readers read it.

Takes several minutes, because after a cache was left, refreshes wait for longer than its marks live.
"""

import json
import os
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from service import Service

from dev.checks.template import template
from local import background
from local.redis_cluster import Cluster, Guard

IMAGE = "changes/one.gif"
SAMPLE = Path(__file__).parents[1] / "samples" / "text-11frames.gif"


class Traffic:
    """Replaces the image, and reads it: `acknowledged` is the revision that was READY, `stale` what was older."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._link = f"{service.stack.outputs['ApiUrl']}/metadata/{IMAGE}"
        self._over = threading.Event()
        self.acknowledged = 0
        self.reads = 0
        self.stale: list[str] = []
        self._threads = [threading.Thread(target=each) for each in (self._replace, self._read, self._read)]

    def __enter__(self) -> "Traffic":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def until_replaced(self) -> None:
        """Returns once an upload that began from now on is READY."""
        due = self.acknowledged + 2
        while self.acknowledged < due:
            assert all(thread.is_alive() for thread in self._threads), "the traffic has ended"
            time.sleep(0.2)

    def _replace(self) -> None:
        while not self._over.is_set():
            self._service.upload(SAMPLE, IMAGE)
            due = self.acknowledged + 1
            ready = self._service.until(
                IMAGE, lambda item, due=due: item["status"] == "READY" and item["revision"] >= due
            )
            self.acknowledged = ready["revision"]

    def _read(self) -> None:
        with httpx.Client(timeout=60) as client:
            while not self._over.is_set():
                due = self.acknowledged
                answer = client.get(self._link)
                revision = answer.json()["revision"] if answer.status_code == 200 else 0
                self.reads += 1
                if revision < due:
                    self.stale.append(f"{revision} ({answer.status_code}) after {due} was READY")


def update(state_dir: Path, **parameters: str) -> None:
    given = [part for item in parameters.items() for part in ("--parameter", "=".join(item))]
    done = subprocess.run(
        [str(background.PYTHON), "-m", "local", "update", f"--state-dir={state_dir}", *given],
        env={**os.environ, "PYTHONPATH": background.PYTHON_PATH},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def cluster_parameters(cluster: Cluster, guard: Guard, client: Any) -> dict[str, str]:
    login = json.dumps({"username": guard.user, "password": guard.password})
    secret = client("secretsmanager").create_secret(Name="cluster", SecretString=login)
    return {"Cache": "external", "CacheUrl": cluster.address, "CacheSecretArn": secret["ARN"]}


@pytest.mark.timeout(3600)
def test_no_reader_is_served_stale_while_the_stack_goes_through_its_caches(tmp_path: Path) -> None:
    rights = template()["Resources"]["CacheUser"]["Properties"]["AccessString"]["Fn::Sub"]
    guard = Guard(
        tmp_path / "certificate.pem", "functions", "secret", rights.replace("${AWS::StackName}", "local")
    )
    with (
        background.started(tmp_path / "stack") as stack,
        Cluster(tmp_path / "cluster", 1, guard) as cluster,
    ):
        node = {"Cache": "external", "CacheUrl": str(stack.redis_url), "CacheSecretArn": ""}
        sharded = cluster_parameters(cluster, guard, stack.client)
        none = {"Cache": "none", "CacheUrl": "", "CacheSecretArn": ""}
        with Traffic(Service(stack)) as traffic:
            traffic.until_replaced()
            for given in (sharded, none, sharded, node):
                begun = time.monotonic()
                update(tmp_path / "stack", **given)
                updated = time.monotonic()
                traffic.until_replaced()
                print(
                    f"{given['Cache']}: {updated - begun:.0f} s, READY after {time.monotonic() - updated:.0f} s more"
                )
        print(json.dumps({"reads": traffic.reads, "replaced": traffic.acknowledged}))
        assert traffic.stale == []
