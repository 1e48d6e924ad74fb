"""Runs a file through the two functions that meet its bytes, as Lambda would.

Each function is a process of its own, whose memory is measured. Its CPU time has a hard limit: what a function of its
memory gets before its timeout. Linux only.
"""

import json
import os
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dev.checks.template import functions
from imageservice.adapters.image_table import to_dynamodb

# A function has one processor at this memory: docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
_WHOLE_PROCESSOR = 1_769
_NAMES = {"inspect": "InspectOriginalFunction", "resize": "ResizeFunction"}
# Of a function's memory, what Lambda's own part of the environment has.
_RUNTIME = 100
READY = "READY"
_BROKE = "BROKE: "


@dataclass(frozen=True)
class Bounds:
    """A function's memory in MB, and the seconds of one thread's CPU that it gets before its timeout."""

    memory: int
    seconds: float


@dataclass(frozen=True)
class Cost:
    """What a file came to in one function.

    `outcome` is READY, or why the image was rejected, or how the process broke. `peak` is in MB. `seconds` are those
    of CPU. `requests` are those to S3.
    """

    outcome: str
    peak: int
    seconds: float
    requests: int


@dataclass(frozen=True)
class Costs:
    """What a file costs both functions; the second is None where the first rejects the image."""

    length: int
    inspect: Cost
    resize: Cost | None

    @property
    def outcome(self) -> str:
        return (self.resize or self.inspect).outcome

    def excesses(self) -> list[str]:
        """What is beyond what a function can have, in words; nothing, if all is well."""
        found = []
        for name, cost in (("inspect", self.inspect), ("resize", self.resize)):
            if cost is None:
                continue
            bounds = bounds_of(name)
            if cost.outcome.startswith(_BROKE) or "more memory than there is" in cost.outcome:
                found.append(f"{name}: {cost.outcome}")
            if cost.peak > bounds.memory - _RUNTIME:
                found.append(f"{name}: {cost.peak} MB of {bounds.memory}")
            if cost.seconds > bounds.seconds:
                found.append(f"{name}: {cost.seconds:.0f} s of CPU of {bounds.seconds:.0f}")
        return found


def bounds_of(function: str) -> Bounds:
    """What template.yaml gives to `inspect` or `resize`."""
    properties = functions()[_NAMES[function]]
    memory = properties["MemorySize"]
    return Bounds(memory, properties["Timeout"] * min(1, memory / _WHOLE_PROCESSOR))


def run(path: Path) -> Costs:
    """The costs of the file at `path`: inspected, and if it is accepted, resized.

    The one size is the widest of the packaged plan, which costs most; it describes the image, too.
    """
    upload = to_dynamodb(
        {
            "upload": {
                "bucket": "originals",
                "key": "bomb",
                "version_id": "1",
                "etag": "0",
                "bytes": path.stat().st_size,
            }
        }
    )["upload"]
    event = {"upload": upload, "recorded_digest": "", "execution": "bomb"}
    inspected, planned = _run("inspect", path, event)
    if inspected.outcome != READY:
        return Costs(path.stat().st_size, inspected, None)
    event = {
        "source": planned["attributes"]["source"],
        "digest": planned["digest"],
        "resize": {**planned["resizes"][-1], "describe": True},
        "execution": "bomb",
    }
    return Costs(path.stat().st_size, inspected, _run("resize", path, event)[0])


def _run(function: str, path: Path, event: dict[str, Any]) -> tuple[Cost, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "bombs.worker", function, str(path)],
        input=json.dumps(event),
        capture_output=True,
        text=True,
        env=_environment(function),
        preexec_fn=lambda: _limit_processor(bounds_of(function).seconds),
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [""])[-1]
        return Cost(f"{_BROKE}status {done.returncode}: {last[:200]}", 0, 0.0, 0), {}
    report = json.loads(done.stdout)
    cost = Cost(report["reason"] or READY, report["peak"], report["seconds"], report["requests"])
    return cost, report["answer"]


def _environment(function: str) -> dict[str, str]:
    """This process's, with what template.yaml sets outright: how memory and threads are used."""
    variables = functions()[_NAMES[function]]["Environment"]["Variables"]
    fixed = {name: value for name, value in variables.items() if isinstance(value, str)}
    powertools = {"POWERTOOLS_SERVICE_NAME": "bombs", "POWERTOOLS_METRICS_NAMESPACE": "Bombs"}
    return {**os.environ, **fixed, **powertools, "PYTHONPATH": os.pathsep.join(sys.path)}


def _limit_processor(seconds: float) -> None:
    # Importing what the handler needs takes some of it.
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 10, int(seconds) + 20))
