"""Pillow as its tutorial uses it: open, transpose, resize, save, once for every file that it writes."""

from io import BytesIO

from PIL import Image, ImageOps

from dev.benchmarks.job import Job, Written, serve


def run(job: Job) -> list[Written]:
    written = []
    for size in job.sizes:
        for name, settings in job.formats.items():
            with Image.open(job.source) as opened:
                image = ImageOps.exif_transpose(opened).convert("RGB")
            if size.height:
                image = ImageOps.fit(image, (size.width, size.height), Image.Resampling.LANCZOS)
            else:
                width = min(size.width, image.width)
                image = image.resize(
                    (width, round(image.height * width / image.width)), Image.Resampling.LANCZOS
                )
            buffer = BytesIO()
            image.save(buffer, name.upper(), **(settings if isinstance(settings, dict) else {}))
            written.append(Written(size.name, name, buffer.getvalue()))
    return written


if __name__ == "__main__":
    serve(run)
