"""`engine_mutations.py COUNT SEED MEMORY SECONDS SAMPLES KEEP`: mutates files and renders them, under limits.

Every second mutation changes bytes anywhere, every other one the numbers and parts that the container consists of.
Exits with 1 at the first outcome that is neither a rendition nor ImageRejected with a plain reason, or that takes
longer than SECONDS; the file that did it is left in KEEP. The operating system ends it beyond MEMORY bytes.
"""

import random
import resource
import sys
import time
import traceback
from collections import Counter
from io import BytesIO
from pathlib import Path

import pillow_heif
from engine_scenes import encoded, exif, scene
from engine_structures import restructured
from PIL import Image

from imageservice.core.errors import ImageRejected
from imageservice.core.limits import Limits
from imageservice.core.rendition_plan import Plan, Size
from imageservice.engine.inspection import inspect
from imageservice.engine.pillow_limits import set_pillow_limits
from imageservice.engine.render import render

LARGE = 700_000
SMALL = 40_000
PLAN = Plan((Size("x", 64, 64, "cover"),), ("webp", "fallback"))


def seeds(samples: Path) -> list[bytes]:
    """The small samples, and small files of every kind."""
    pillow_heif.register_heif_opener()
    found = [
        path.read_bytes()
        for path in sorted(samples.iterdir())
        if path.is_file() and path.stat().st_size < LARGE
    ]
    moving = {"save_all": True, "append_images": [scene().rotate(90), scene().rotate(180)], "duration": 100}
    found += [encoded(scene(), kind, **moving) for kind in ("GIF", "PNG", "WEBP", "AVIF")]
    found += [
        encoded(scene(), kind, exif=exif(6)) for kind in ("JPEG", "PNG", "WEBP", "AVIF", "HEIF", "TIFF")
    ]
    compressions = ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg")
    found += [encoded(scene(), "TIFF", compression=compression) for compression in compressions]
    found.append(encoded(scene("RGBA"), "HEIF"))
    found.append(encoded(scene("CMYK"), "JPEG", progressive=True))
    found.extend(encoded(scene(mode), "BMP") for mode in ("1", "P", "RGB"))
    found.append(encoded(scene("L").convert("I;16"), "PNG"))
    found += [encoded(scene("1"), "TIFF", compression=compression) for compression in ("group3", "group4")]
    found.append(encoded(scene(), "WEBP", lossless=True))
    found.append(encoded(scene(size=(300, 300)), "HEIF", tile_size=128))
    found.append(encoded(scene("RGBA"), "AVIF"))
    found += [
        path.read_bytes()
        for path in sorted((samples / "cases").iterdir())
        if path.suffix != ".md" and path.stat().st_size < SMALL
    ]
    return found


def mutated(data: bytes, others: list[bytes], dice: random.Random) -> bytes:
    """One to four of: bits flipped, bytes set, a piece cut out, doubled, or spliced in; mostly near the header."""
    changed = bytearray(data)
    for _ in range(dice.randint(1, 4)):
        reach = min(len(changed), dice.choice((64, 512, 4096, len(changed)))) or 1
        at = dice.randrange(reach)
        what = dice.randrange(6)
        if not changed:
            break
        if what == 0:
            changed[at] ^= 1 << dice.randrange(8)
        elif what == 1:
            changed[at] = dice.choice((0, 1, 0x7F, 0x80, 0xFF))
        elif what == 2:
            del changed[at : at + dice.choice((1, 4, 64, 4096))]
        elif what == 3:
            changed[at:at] = changed[at : at + dice.choice((4, 64, 1024))]
        elif what == 4:
            other = dice.choice(others)
            begin = dice.randrange(len(other))
            changed[at : at + 256] = other[begin : begin + 256]
        else:
            del changed[dice.randrange(len(changed)) :]
    return bytes(changed)


def outcome(data: bytes) -> str:
    """The kind of outcome. Raises AssertionError for a reason that is no plain sentence, or a slow inspection."""
    begin = time.thread_time()
    try:
        try:
            found = inspect(BytesIO(data), len(data), Limits())
        finally:
            assert time.thread_time() - begin < Limits().max_inspect_seconds + 1, "the inspection is slow"
        for target in PLAN.targets(found):
            made = render(data, target, PLAN.formats_for(found), Limits(), describe=True)
            for image in made.images:
                assert Image.open(BytesIO(image.data)).size == (target.width, target.height)
    except ImageRejected as rejected:
        text = str(rejected)
        assert text[0].isupper(), text
        assert text.endswith("."), text
        assert len(text) < 300, text
        return "out of memory" if "more memory" in text else "refused"
    return "rendered"


def main() -> None:
    count, seed, memory, seconds = (int(argument) for argument in sys.argv[1:5])
    samples, keep = (Path(argument) for argument in sys.argv[5:7])
    set_pillow_limits()
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    files = seeds(samples)
    small = [data for data in files if len(data) < SMALL]
    dice = random.Random(seed)
    counts: Counter[str] = Counter()
    for number in range(count):
        if number % 2:
            data = restructured(small[number // 2 % len(small)], small, dice)
        else:
            data = mutated(files[number // 2 % len(files)], files, dice)
        current = keep / "mutated"
        current.write_bytes(data)  # if the process dies, this is what it died of
        begin = time.monotonic()
        try:
            counts[outcome(data)] += 1
        except Exception:  # noqa: BLE001 - any at all is what is looked for
            traceback.print_exc()
            sys.exit(f"mutation {number} of seed {seed} is neither rendered nor refused")
        if time.monotonic() - begin > seconds:
            sys.exit(f"mutation {number} of seed {seed} took {time.monotonic() - begin:.0f} s")
    print(dict(counts))


if __name__ == "__main__":
    main()
