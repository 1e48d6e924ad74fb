"""libvips by pyvips: `thumbnail`, which is what imgproxy and sharp build on, at the same encoder settings."""

import pyvips

from dev.benchmarks.job import FormatSettings, Job, Unreadable, Written, serve

pyvips.concurrency_set(1)
pyvips.cache_set_max(0)


def run(job: Job) -> list[Written]:
    written = []
    for size in job.sizes:
        options = {"height": size.height, "crop": "centre"} if size.height else {"height": 100_000}
        source = f"{job.source}[n=-1]" if job.moving else job.source
        try:
            image = pyvips.Image.thumbnail(source, size.width, size="down", export_profile="srgb", **options)
            if len(job.formats) > 1:
                image = image.copy_memory()
        except pyvips.Error as error:
            raise Unreadable(str(error).partition("\n")[0]) from error
        for name, settings in job.formats.items():
            written.append(Written(size.name, name, _encoded(image, name, settings)))
    return written


def _encoded(image: pyvips.Image, name: str, settings: FormatSettings) -> bytes:
    quality = {"Q": settings["quality"]} if "quality" in settings else {}
    match name:
        case "jpeg":
            return bytes(image.jpegsave_buffer(keep="none", optimize_coding=True, interlace=True, **quality))
        case "webp":
            return bytes(image.webpsave_buffer(keep="none", effort=settings["method"], **quality))
        case "avif":
            effort = 9 - settings["speed"]
            return bytes(
                image.heifsave_buffer(
                    keep="none", compression="av1", effort=effort, subsample_mode="off", **quality
                )
            )
        case "gif":
            return bytes(image.gifsave_buffer(keep="none"))
    return bytes(image.pngsave_buffer(keep="none"))


if __name__ == "__main__":
    serve(run)
