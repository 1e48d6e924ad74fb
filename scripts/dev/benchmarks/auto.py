"""`./scripts/bench auto`: a target for quality beside the default qualities, on each kind of still image.

All sizes of a format together: kB, the least and the mean score, CPU ms of encoding. The scores are by the package on
PyPI, as in `./scripts/bench images`, not by the engine that chose the quality; the last column is the engine's least.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from statistics import mean
from time import process_time
from typing import NamedTuple

from PIL import Image

from dev.benchmarks import kinds
from dev.benchmarks.comparison import SIZES, displayed
from dev.benchmarks.judge import ssimulacra2, unencoded
from imageservice.core.formats import FORMATS
from imageservice.core.limits import Limits
from imageservice.core.rendition_plan import AUTO_TARGET
from imageservice.engine.encode import encode
from imageservice.engine.quality_search import encode_to_target


class _Made(NamedTuple):
    """What one rendition takes, and its scores: by PyPI's package, and by the engine, 100 if it did not judge."""

    length: int
    cpu_ms: float
    score: float
    engine: float
    outcome: str


def main() -> None:
    parser = argparse.ArgumentParser(prog=sys.argv[0], description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("--target", type=int, default=AUTO_TARGET, help=f"(default: {AUTO_TARGET})")
    kinds.add_files_to(parser)
    options = parser.parse_args()
    target = options.target
    print("| kind | format | default: kB | least s2 | mean | CPU ms ", end="")
    print(f"| target {target}: kB | least s2 | mean | CPU ms | least by the engine | not reached |")
    print("|---" * 12 + "|")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        measured = kinds.of_files(options.files) if options.files else kinds.gather(Path(folder))
        for kind in measured:
            for name in kind.formats:
                if not kind.moving and FORMATS[name].quality is not None:
                    print(_row(kind, name, target), flush=True)


def _row(kind: kinds.Kind, name: str, target: int) -> str:
    widths = [size.width for size in SIZES if size.width < displayed(kind)[0]]
    images = [unencoded(kind.file, width) for width in widths]
    fixed = [_made(image, lambda image: (encode(image, name, {}), 100.0, "")) for image in images]
    found = [_made(image, lambda image: _to_target(image, name, target)) for image in images]
    missed = ", ".join(
        f"w{width} {each.outcome}"
        for width, each in zip(widths, found, strict=True)
        if each.outcome != "reached"
    )
    least = min(each.engine for each in found)
    return f"| {kind.name} | {name} | {_columns(fixed)} | {_columns(found)} | {least:.1f} | {missed or '–'} |"


def _columns(made: Sequence[_Made]) -> str:
    scores = [each.score for each in made]
    numbers = (
        f"{sum(each.length for each in made) / 1000:,.0f}",
        f"{min(scores):.0f}",
        f"{mean(scores):.0f}",
        f"{sum(each.cpu_ms for each in made):,.0f}",
    )
    return " | ".join(numbers)


def _made(image: Image.Image, make: Callable[[Image.Image], tuple[bytes, float, str]]) -> _Made:
    begin = process_time()
    data, engine, outcome = make(image)
    milliseconds = (process_time() - begin) * 1000
    with Image.open(BytesIO(data)) as opened:
        return _Made(len(data), milliseconds, ssimulacra2(image, opened), engine, outcome)


def _to_target(image: Image.Image, name: str, target: int) -> tuple[bytes, float, str]:
    data, receipt = encode_to_target(image, name, target, Limits().max_search_seconds)
    return data, receipt["score"], receipt["outcome"]
