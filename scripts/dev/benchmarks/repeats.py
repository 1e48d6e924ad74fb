"""`./scripts/bench repeats`: what libaom's search for repeated blocks gains, and where the engine leaves it out.

Drawn images at their own size, and shrunk ones. Bytes, SSIMULACRA2 and CPU ms of an AVIF with the search and without;
the share of windows that are seen again, by which the engine chooses; and the CPU ms of finding that out.
"""

import argparse
import sys
from collections.abc import Callable
from functools import partial
from io import BytesIO
from time import process_time

from PIL import Image

from dev.benchmarks import drawn
from dev.benchmarks.judge import ssimulacra2
from imageservice.engine.encode import Prepared, prepared, smallest
from imageservice.engine.pixels.repetition import repeated_share

_SEARCH = "enable-intrabc"
_HEADINGS = (
    "| | size | seen again | with: bytes | s2 | CPU ms | without: bytes | s2 | CPU ms | searched? |"
    " CPU ms of choosing |"
)


def main() -> None:
    parser = argparse.ArgumentParser(prog=sys.argv[0], description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument(
        "--rounds", type=int, default=3, help="how often each is timed; the least counts (default: 3)"
    )
    rounds = parser.parse_args().rounds
    print(f"{_HEADINGS}\n{'|---' * _HEADINGS.count(' | ')}|---|")
    for name, image in drawn.images():
        chosen = prepared(image, "avif", {})
        share, choosing = repeated_share(image), _milliseconds(partial(repeated_share, image), rounds)
        cells = [_cells(_searching(chosen, value), rounds) for value in ("1", "0")]
        searched = "no" if _SEARCH in chosen.options["advanced"] else "yes"
        size = f"{image.width} × {image.height}"
        print(
            f"| {name} | {size} | {share:.2f} | {' | '.join(cells)} | {searched} | {choosing:.1f} |",
            flush=True,
        )


def _searching(what: Prepared, value: str) -> Prepared:
    return what._replace(options={**what.options, "advanced": {**what.options["advanced"], _SEARCH: value}})


def _cells(what: Prepared, rounds: int) -> str:
    data = smallest(what)
    score = ssimulacra2(what.image, Image.open(BytesIO(data)))
    return f"{len(data):,} | {score:.1f} | {_milliseconds(lambda: smallest(what), rounds):.0f}"


def _milliseconds(run: Callable[[], object], rounds: int) -> float:
    """The least CPU time."""
    times = []
    for _ in range(rounds):
        begin = process_time()
        run()
        times.append((process_time() - begin) * 1000)
    return min(times)
