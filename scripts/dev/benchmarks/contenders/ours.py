"""The service's engine as a contender: what ResizeFunction does for each size, without S3.

A format's settings may hold a `quality`, as a rendition plan does; the rest is the engine's.
"""

from pathlib import Path

from dev.benchmarks.job import Job, Written, serve
from imageservice.core.formats import MODERN
from imageservice.core.limits import Limits
from imageservice.core.rendition_plan import Plan, Size
from imageservice.engine.inspection import inspect
from imageservice.engine.pillow_limits import set_pillow_limits
from imageservice.engine.render import render


def run(job: Job) -> list[Written]:
    set_pillow_limits()
    limits = Limits()
    path = Path(job.source)
    with path.open("rb") as file:
        original = inspect(file, path.stat().st_size, limits)
    sizes = tuple(
        Size(size.name, size.width, size.height, "cover" if size.height else "contain") for size in job.sizes
    )
    formats = tuple(name if name in MODERN else "fallback" for name in job.formats)
    written: list[Written] = []
    for target in Plan(sizes, formats).targets(original):
        rendered = render(path.read_bytes(), target, formats, limits)
        for name in (target.name, *target.aliases):
            written.extend(Written(name, image.format, image.data) for image in rendered.images)
    return written


if __name__ == "__main__":
    serve(run)
