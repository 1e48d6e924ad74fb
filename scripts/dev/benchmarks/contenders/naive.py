"""Pillow as its tutorial uses it: open, transpose, convert, resize, save. A job decodes its file once."""

from io import BytesIO

import pillow_heif
from PIL import Image, ImageOps, ImageSequence

from dev.benchmarks.job import Job, TargetSize, Written, serve

pillow_heif.register_heif_opener()


def run(job: Job) -> list[Written]:
    with Image.open(job.source) as opened:
        if job.moving:
            frames, durations = _frames(opened)
        else:
            frames, durations = [_mode(ImageOps.exif_transpose(opened))], [0]
    written = []
    for size in job.sizes:
        resized = [_resized(frame, size) for frame in frames]
        for name, settings in job.formats.items():
            options = {**settings}
            if job.moving:
                options |= {"save_all": True, "append_images": resized[1:], "duration": durations, "loop": 0}
            buffer = BytesIO()
            resized[0].save(buffer, name.upper(), **options)
            written.append(Written(size.name, name, buffer.getvalue()))
    return written


def _frames(opened: Image.Image) -> tuple[list[Image.Image], list[int]]:
    frames, durations = [], []
    for frame in ImageSequence.Iterator(opened):
        frames.append(frame.convert("RGBA"))
        durations.append(frame.info["duration"])
    return frames, durations


def _mode(image: Image.Image) -> Image.Image:
    transparent = image.has_transparency_data and image.convert("RGBA").getchannel("A").getextrema() != (
        255,
        255,
    )
    return image.convert("RGBA" if transparent else "RGB")


def _resized(image: Image.Image, size: TargetSize) -> Image.Image:
    if size.height:
        return ImageOps.fit(image, (size.width, size.height), Image.Resampling.LANCZOS)
    width = min(size.width, image.width)
    return image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    serve(run)
