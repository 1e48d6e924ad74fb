"""`engine_bombs.py [NAME]`: hostile files as large as the limits let in, and what each costs.

Each is inspected and rendered to a width of 1920 in a process of its own. Prints the table of docs/images.md: the bytes
of the file, the peak memory of the process, its CPU time, and the outcome. The environment should have the malloc
settings of template.yaml. Linux only.
"""

import json
import re
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from engine_scenes import chunk, encoded
from PIL import Image

from imageservice.core.errors import ImageRejected
from imageservice.core.limits import Limits
from imageservice.core.rendition_plan import Plan, Size
from imageservice.engine.inspection import inspect
from imageservice.engine.pillow_limits import set_pillow_limits
from imageservice.engine.render import render

SIDE = 9_950
FRAME_SIDE = 6_300
PLAN = Plan((Size("w1920", 1920),), ("avif", "webp", "fallback"))
# Where each pass of an interlaced PNG begins, and its steps: left, top, across, down.
ADAM7 = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)


def png(side: int, depth: int, kind: int, *, interlaced: bool = False, extra: bytes = b"") -> bytes:
    """A black PNG, written row by row."""
    pixel = {2: 3, 6: 4}[kind] * depth // 8
    passes = ADAM7 if interlaced else ((0, 0, 1, 1),)
    packer = zlib.compressobj(9)
    data = []
    for left, top, across, down in passes:
        row = bytes(1 + -(-(side - left) // across) * pixel)
        data += [packer.compress(row) for _ in range(-(-(side - top) // down))]
    header = struct.pack(">IIBBBBB", side, side, depth, kind, 0, 0, interlaced)
    pixels = chunk(b"IDAT", b"".join(data) + packer.flush())
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + pixels + chunk(b"IEND", b"")


def moving(kind: str, mode: str) -> bytes:
    first, *others = (Image.new(mode, (FRAME_SIDE, FRAME_SIDE), color) for color in (1, 7, 9))
    return encoded(first, kind, save_all=True, append_images=others)


def zipped(name: bytes) -> bytes:
    return chunk(name, b"a\0\0" + zlib.compress(bytes(400_000_000), 9))


def black(kind: str, **options: object) -> bytes:
    return encoded(Image.new("RGB", (SIDE, SIDE)), kind, **options)


BOMBS: dict[str, Callable[[], bytes]] = {
    "PNG, an ICC profile of 400 MB": lambda: png(64, 8, 2, extra=zipped(b"iCCP")),
    "PNG, a text of 400 MB": lambda: png(64, 8, 2, extra=zipped(b"zTXt")),
    "PNG, 99 MP RGBA": lambda: png(SIDE, 8, 6),
    "PNG, 99 MP RGB in 16 bits, interlaced": lambda: png(SIDE, 16, 2, interlaced=True),
    "PNG, 99 MP RGB in 16 bits, a transparent color": lambda: png(
        SIDE, 16, 2, extra=chunk(b"tRNS", bytes(6))
    ),
    "PNG, moving, 3 frames of 40 MP": lambda: moving("PNG", "RGBA"),
    "GIF, moving, 3 frames of 40 MP": lambda: moving("GIF", "P"),
    "JPEG, 99 MP progressive": lambda: black("JPEG", progressive=True),
    "TIFF, 99 MP, deflate": lambda: black("TIFF", compression="tiff_adobe_deflate"),
    "TIFF, 99 MP, PackBits": lambda: black("TIFF", compression="packbits"),
    "WebP, 99 MP": lambda: black("WEBP"),
}


def cost(data: bytes) -> tuple[int, float, str]:
    """Peak memory of this process in MB, CPU seconds, and the outcome."""
    set_pillow_limits()
    began = time.process_time()
    try:
        original = inspect(BytesIO(data), len(data), Limits())
        for target in PLAN.targets(original):
            render(data, target, PLAN.formats_for(original), Limits(), describe=True)
        outcome = "rendered"
    except ImageRejected as rejected:
        outcome = str(rejected)
    # Not ru_maxrss, which a process inherits.
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert peak is not None
    return int(peak[1]) // 1024, time.process_time() - began, outcome


def measured(name: str) -> tuple[int, int, float, str]:
    """The bytes of a bomb, and what it costs in a process of its own."""
    data = BOMBS[name]()
    command = [sys.executable, __file__, "--standard-input"]
    done = subprocess.run(command, input=data, capture_output=True, check=True, timeout=300)
    peak, seconds, outcome = json.loads(done.stdout)
    return len(data), peak, seconds, outcome


def main() -> None:
    if sys.argv[1:] == ["--standard-input"]:
        print(json.dumps(cost(sys.stdin.buffer.read())))
        return
    print("| file | kB | MB | CPU s | |\n|---|---|---|---|---|")
    for name in sys.argv[1:] or BOMBS:
        length, peak, seconds, outcome = measured(name)
        print(f"| {name} | {length / 1000:,.0f} | {peak:,} | {seconds:.1f} | {outcome} |", flush=True)


if __name__ == "__main__":
    main()
