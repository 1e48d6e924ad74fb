"""`./scripts/bench screens`: what libaom's tools for screens gain, and where the engine leaves them out.

Drawn images at their own size, shrunk ones, and photos. Bytes, SSIMULACRA2 and CPU ms of an AVIF with both tools and as
the engine chooses; the shares by which it chooses; and the CPU ms of choosing.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from time import process_time

from PIL import Image

from dev.benchmarks import drawn, kinds
from dev.benchmarks.judge import ssimulacra2
from imageservice.engine.encode import Prepared, prepared, smallest
from imageservice.engine.pixels.screen_content import few_shades_share, repeated_share

_COPIES, _PALETTES = "enable-intrabc", "enable-palette"
_HEADINGS = (
    "| | size | few shades | seen again | both: bytes | s2 | CPU ms | chosen: bytes | s2 | CPU ms | left out |"
    " choosing, CPU ms |"
)


def main() -> None:
    parser = argparse.ArgumentParser(prog=sys.argv[0], description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument(
        "--rounds", type=int, default=3, help="how often each is timed; the least counts (default: 3)"
    )
    rounds = parser.parse_args().rounds
    print(f"{_HEADINGS}\n{'|---' * (_HEADINGS.count('|') - 1)}|")
    for name, image in _images():
        chosen = prepared(image, "avif", {})
        advanced = chosen.options["advanced"]
        left_out = [each for each, tool in (("palettes", _PALETTES), ("copies", _COPIES)) if tool in advanced]
        both = chosen._replace(
            options={**chosen.options, "advanced": advanced | {_COPIES: "1", _PALETTES: "1"}}
        )
        cells = [
            f"{image.width} × {image.height}",
            f"{few_shades_share(image):.3f}",
            f"{repeated_share(image):.2f}",
            *_measured(both, rounds),
            *(_measured(chosen, rounds) if left_out else ("the same", "", "")),
            ", ".join(left_out) or "–",
            f"{_milliseconds(partial(prepared, image, 'avif', {}), rounds):.1f}",
        ]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def _images() -> Iterator[tuple[str, Image.Image]]:
    yield from drawn.images()
    sign = kinds.sign().convert("RGB")
    for width in (320, 640, 1280):
        yield f"phone's photo, {width}", drawn.shrunk(sign, width / sign.width)


def _measured(what: Prepared, rounds: int) -> tuple[str, str, str]:
    """Bytes, score and CPU ms."""
    data = smallest(what)
    score = ssimulacra2(what.image, Image.open(BytesIO(data)))
    return f"{len(data):,}", f"{score:.1f}", f"{_milliseconds(partial(smallest, what), rounds):.0f}"


def _milliseconds(run: Callable[[], object], rounds: int) -> float:
    """The least CPU time."""
    times = []
    for _ in range(rounds):
        begin = process_time()
        run()
        times.append((process_time() - begin) * 1000)
    return min(times)
