"""`engine_damage.py [SAMPLES] [FORMAT]`: cuts and holes in every kind of file, and what the engine makes of them.

Each file is cut off at 20 places, and gets a hole of zeros at 50 places. An outcome is `refused`, `right` (no pixel is
further than TOLERANCE levels from the whole file's) or `wrong`. Prints the table of docs/images.md.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pillow_heif
from engine_scenes import encoded
from PIL import Image, ImageChops, ImageSequence

from imageservice.core.errors import ImageRejected
from imageservice.core.limits import Limits
from imageservice.core.rendition_plan import Target
from imageservice.engine.inspection import inspect
from imageservice.engine.pillow_limits import set_pillow_limits
from imageservice.engine.render import render

CUTS, HOLES = 20, 50
TOLERANCE = 8
SIZE = (320, 240)
LARGEST_HOLE = 2_000


def files(photo: Image.Image) -> dict[str, bytes]:
    """One file of each kind, all of the same photo."""
    pillow_heif.register_heif_opener()
    photo = photo.convert("RGB").resize(SIZE, Image.Resampling.LANCZOS)
    gray = photo.convert("L")
    clear = photo.copy()
    clear.putalpha(Image.radial_gradient("L").resize(SIZE))
    frames = {"save_all": True, "append_images": [photo.rotate(120), photo.rotate(240)], "duration": 100}
    grid = photo.resize((640, 480))
    return {
        "JPEG, baseline": encoded(photo, "JPEG", quality=85),
        "JPEG, restart markers": encoded(photo, "JPEG", quality=85, restart_marker_rows=1),
        "JPEG, progressive": encoded(photo, "JPEG", quality=85, progressive=True),
        "JPEG, gray": encoded(gray, "JPEG", quality=85),
        "JPEG, CMYK": encoded(photo.convert("CMYK"), "JPEG", quality=85),
        "PNG": encoded(photo, "PNG"),
        "PNG, palette": encoded(photo.quantize(64), "PNG"),
        "PNG, moving": encoded(photo, "PNG", **frames),
        "WebP": encoded(photo, "WEBP", quality=85),
        "WebP, alpha": encoded(clear, "WEBP", quality=85),
        "WebP, lossless": encoded(photo, "WEBP", lossless=True),
        "WebP, moving": encoded(photo, "WEBP", quality=85, **frames),
        "GIF": encoded(photo.quantize(128), "GIF"),
        "GIF, moving": encoded(photo, "GIF", **frames),
        "TIFF": encoded(photo, "TIFF"),
        "TIFF, LZW": encoded(photo, "TIFF", compression="tiff_lzw"),
        "TIFF, deflate": encoded(photo, "TIFF", compression="tiff_adobe_deflate"),
        "TIFF, PackBits": encoded(photo, "TIFF", compression="packbits"),
        "TIFF, JPEG": encoded(photo, "TIFF", compression="jpeg"),
        "TIFF, fax G3": encoded(photo.convert("1"), "TIFF", compression="group3"),
        "TIFF, fax G4": encoded(photo.convert("1"), "TIFF", compression="group4"),
        "BMP": encoded(photo, "BMP"),
        "HEIC": encoded(photo, "HEIF", quality=80),
        "HEIC, grid": encoded(grid, "HEIF", quality=80, tile_size=256),
        "AVIF": encoded(photo, "AVIF", quality=80),
        "AVIF, alpha": encoded(clear, "AVIF", quality=80),
        "AVIF, moving": encoded(photo, "AVIF", quality=80, **frames),
    }


def cut(data: bytes) -> Iterator[bytes]:
    """The file up to 20 places: every twentieth, the last one a byte before its end."""
    for number in range(1, CUTS):
        yield data[: len(data) * number // CUTS]
    yield data[:-1]


def holed(data: bytes) -> Iterator[bytes]:
    """The file with a hole of zeros at 50 places, behind the first 2 % of it."""
    length = min(LARGEST_HOLE, len(data) // HOLES)
    for number in range(HOLES):
        at = len(data) // HOLES + (len(data) - len(data) // HOLES - length) * number // HOLES
        changed = data[:at] + bytes(length) + data[at + length :]
        if changed != data:
            yield changed


def pixels(data: bytes) -> list[Image.Image]:
    """Every frame that the engine renders, in the file's own size."""
    original = inspect(BytesIO(data), len(data), Limits())
    target = Target("whole", original.width, original.height, "contain", "center")
    kind = "webp" if original.animated else "png"
    made = Image.open(BytesIO(render(data, target, (kind,), Limits()).images[0].data))
    return [frame.convert("RGBA") for frame in ImageSequence.Iterator(made)]


def outcome(data: bytes, whole: list[Image.Image]) -> str:
    try:
        frames = pixels(data)
    except ImageRejected:
        return "refused"
    if [frame.size for frame in frames] != [frame.size for frame in whole]:
        return "wrong"
    most = max(
        high
        for pair in zip(frames, whole, strict=True)
        for _, high in ImageChops.difference(*pair).getextrema()  # type: ignore[misc]
    )
    return "right" if most <= TOLERANCE else "wrong"


def row(data: bytes) -> tuple[Counter[str], Counter[str]]:
    """The outcomes of all cuts, and of all holes."""
    whole = pixels(data)
    return (
        Counter(outcome(damaged, whole) for damaged in cut(data)),
        Counter(outcome(damaged, whole) for damaged in holed(data)),
    )


def main() -> None:
    set_pillow_limits()
    samples = Path(sys.argv[1])
    only = sys.argv[2] if len(sys.argv) > 2 else ""
    photo = Image.open(samples / "tomatoes-12mp.jpg")
    photo.draft("RGB", (SIZE[0] * 2, SIZE[1] * 2))
    print("| file | cuts: refused / right / wrong | holes: refused / right / wrong |\n|---|---|---|")
    for name, data in files(photo).items():
        if name.startswith(only):
            cells = (
                " / ".join(str(counts[word]) for word in ("refused", "right", "wrong"))
                for counts in row(data)
            )
            print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
