"""What the functions of one upload do to its pixels, without a stack: `-m dev.benchmarks.bare_work PHOTO COUNT`.

Runs in `.venv/functions`, in as many processes as there are processors, which import the engine first. Prints the
seconds from then on, and the processor seconds, as JSON.
"""

import json
import multiprocessing
import os
import resource
import sys
import time
from pathlib import Path

from imageservice.adapters.plan_loader import load_plan
from imageservice.core.limits import Limits
from imageservice.core.resize_plan import plan_resizes, target_of
from imageservice.engine import ENGINE_VERSION
from imageservice.engine.inspection import inspect
from imageservice.engine.pillow_limits import set_pillow_limits
from imageservice.engine.render import render


def resizes(photo: str) -> list[dict[str, object]]:
    """The entries of the default plan for the photo, as InspectOriginalFunction makes them."""
    path = Path(photo)
    with path.open("rb") as file:
        original = inspect(file, path.stat().st_size, Limits())
    upload = {"bucket": "bare", "key": path.name, "bytes": path.stat().st_size, "etag": "bare"}
    return list(plan_resizes(upload, original, load_plan(), ENGINE_VERSION)["resizes"])  # type: ignore[arg-type]  # a plain dict


def make(job: tuple[str, dict[str, object]]) -> None:
    """One size, as ResizeFunction makes it."""
    photo, resize = job
    render(
        Path(photo).read_bytes(),
        target_of(resize),
        resize["formats"],  # type: ignore[arg-type]  # JSON, as below
        Limits(),
        resize["quality"],  # type: ignore[arg-type]  # JSON
        describe=bool(resize["describe"]),
        light=resize["light"],  # type: ignore[arg-type]  # JSON
    )


def main() -> None:
    photo, count = sys.argv[1], int(sys.argv[2])
    set_pillow_limits()
    with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
        began = time.perf_counter()
        planned = pool.map(resizes, [photo] * count, chunksize=1)
        pool.map(make, [(photo, resize) for each in planned for resize in each], chunksize=1)
        wall = time.perf_counter() - began
        pool.close()
        pool.join()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(json.dumps({"wall_s": wall, "cpu_s": used.ru_utime + used.ru_stime}))


if __name__ == "__main__":
    main()
