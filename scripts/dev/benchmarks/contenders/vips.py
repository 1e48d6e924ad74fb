"""libvips by pyvips: `thumbnail`, which is what imgproxy and sharp build on, at the same encoder settings."""

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
            written.append(Written(size.name, name, _saved(image, name, settings)))
    return written


def _saved(image: pyvips.Image, name: str, settings: dict) -> bytes:
    keep = {"keep": "none"}
    if name == "jpeg":
        return image.jpegsave_buffer(
            Q=settings["quality"],
            optimize_coding=settings["optimize"],
            interlace=settings["progressive"],
            **keep,
        )
    if name == "webp":
        return image.webpsave_buffer(Q=settings["quality"], effort=settings["method"], **keep)
    return image.heifsave_buffer(
        compression="av1", Q=settings["quality"], effort=9 - settings["speed"], subsample_mode="on", **keep
    )


if __name__ == "__main__":
    serve(run)
