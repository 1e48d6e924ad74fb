"""libvips by pyvips: `thumbnail`, which is what imgproxy and sharp build on, at the same encoder settings."""

from typing import Any

import pyvips

from dev.benchmarks.job import Job, Written, serve

pyvips.concurrency_set(1)
pyvips.cache_set_max(0)


def run(job: Job) -> list[Written]:
    written = []
    for size in job.sizes:
        options = {"height": size.height, "crop": "centre"} if size.height else {"height": 100_000}
        image = pyvips.Image.thumbnail(job.source, size.width, size="down", **options)
        if len(job.formats) > 1:
            image = image.copy_memory()
        for name, settings in job.formats.items():
            if settings == "defaults":
                raise ValueError("pyvips is measured at the engine's settings alone")
            written.append(Written(size.name, name, _encoded(image, name, settings)))
    return written


def _encoded(image: pyvips.Image, name: str, settings: dict[str, Any]) -> bytes:
    options = {"Q": settings["quality"], "keep": "none"}
    if name == "jpeg":
        options |= {"optimize_coding": settings["optimize"], "interlace": settings["progressive"]}
        data = image.jpegsave_buffer(**options)
    elif name == "webp":
        data = image.webpsave_buffer(effort=settings["method"], **options)
    else:
        effort = 9 - settings["speed"]
        data = image.heifsave_buffer(
            compression="av1",
            effort=effort,
            subsample_mode="off" if settings["subsampling"] == "4:4:4" else "on",
            **options,
        )
    return bytes(data)


if __name__ == "__main__":
    serve(run)
