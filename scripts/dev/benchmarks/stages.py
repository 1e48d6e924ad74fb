"""Where the engine's CPU time goes, by stage, and what shrinking alone costs in quality."""

from io import BytesIO
from time import process_time
from typing import TypedDict

from PIL import Image

from dev.benchmarks.comparison import Progress, displayed, sizes_of
from dev.benchmarks.judge import ssimulacra2, unencoded
from dev.benchmarks.kinds import Kind
from imageservice.core.limits import Limits
from imageservice.core.rendition_plan import Size, Target, fitted
from imageservice.engine.containers.bounded_file import BoundedFile
from imageservice.engine.decode import decode_still, fit
from imageservice.engine.encode import encode
from imageservice.engine.inspection import displayed_size, read_header
from imageservice.engine.pixels.alpha import flattened, is_transparent, without_alpha
from imageservice.engine.pixels.color import to_srgb

_LARGEST_JUDGED = 640


class Stages(TypedDict):
    """CPU ms of each stage, over all sizes and formats; by size, SSIMULACRA2 of the pixels before they are encoded."""

    cpu_ms: dict[str, float]
    unencoded: dict[str, float]


class _Clock:
    def __init__(self) -> None:
        self.cpu_ms: dict[str, float] = {}
        self._last = process_time()

    def start(self) -> None:
        self._last = process_time()

    def lap(self, stage: str) -> None:
        now = process_time()
        self.cpu_ms[stage] = self.cpu_ms.get(stage, 0.0) + (now - self._last) * 1000
        self._last = now


def measured(kind: Kind, progress: Progress) -> Stages:
    """Of a still image, each size made as in a call of ResizeFunction of its own, aspect kept."""
    data = kind.file.read_bytes()
    clock, scores = _Clock(), {}
    for size in sizes_of(kind):
        progress(f"stages, {size.name}")
        image = _shrunk(data, size.width, clock)
        for name in kind.formats:
            clock.start()
            encode(image, name, {})
            clock.lap(name)
        if image.width <= _LARGEST_JUDGED and image.width < displayed(kind)[0]:
            scores[size.name] = ssimulacra2(unencoded(kind.file, image.width), flattened(image))
    return Stages(cpu_ms=clock.cpu_ms, unencoded=scores)


def _shrunk(data: bytes, width: int, clock: _Clock) -> Image.Image:
    clock.start()
    file = BoundedFile(BytesIO(data), len(data), Limits())
    header = read_header(file)
    clock.lap("read")
    target = Target("x", *fitted(Size("x", width), *displayed_size(header)), "contain", "center")
    pixels = decode_still(file, header, target)
    transparent = is_transparent(pixels.image)
    clock.lap("decode")
    fitting = fit(pixels, header, target)
    clock.lap("resize")
    image = to_srgb(fitting, pixels.profile)
    image.info = {}
    image = image if transparent else without_alpha(image)
    clock.lap("color")
    return image
