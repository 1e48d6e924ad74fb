"""What a cold start imports: the reader against boto3 with one client, each in processes of their own, in turn."""

import os
import resource
import subprocess
import sys
from pathlib import Path

ROUNDS = 9
_FUNCTIONS = Path(__file__).parents[3] / "functions"
PROGRAMS = {
    "nothing": "",
    "the reader": "import reader.handler",
    "redis-py": "import redis",
    "boto3 and one client": "import boto3; boto3.client('dynamodb', region_name='us-east-1')",
}


def measured() -> dict[str, float]:
    """The best of several runs, in CPU ms beyond a bare Python; and the reader's time divided by boto3's."""
    best = dict.fromkeys(PROGRAMS, float("inf"))
    environment = {**os.environ, "PYTHONPATH": str(_FUNCTIONS)}
    for _ in range(ROUNDS + 1):  # the first run compiles
        for name, program in PROGRAMS.items():
            begin = _children_ms()
            subprocess.run([sys.executable, "-c", program], env=environment, check=True)
            best[name] = min(best[name], _children_ms() - begin)
    bare = best.pop("nothing")
    own = {name: taken - bare for name, taken in best.items()}
    return {**own, "ratio": own["the reader"] / own["boto3 and one client"]}


def _children_ms() -> float:
    """User and system time of the processes that have ended, in ms."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1000
