"""The image benchmark's results as two plots: CPU time by kind and contender, and bytes against quality."""

from pathlib import Path
from typing import Any

import matplotlib as mpl

from dev.benchmarks.images_report import contenders, total
from dev.benchmarks.processes import CONTENDERS

_COLORS = {contender.name: contender.color for contender in CONTENDERS}
_FORMATS = {"avif": "#c5221f", "webp": "#1a73e8", "jpeg": "#188038"}
_SIZES = ("w320", "w640", "w1280", "w1920")


def plot(results: dict[str, Any], docs: Path) -> None:
    """Writes images-benchmark-time.svg and images-benchmark-quality.svg into `docs`."""
    mpl.use("Agg")
    # The same numbers give the same file.
    mpl.rcParams["svg.hashsalt"] = "images"
    _times(results, docs / "images-benchmark-time.svg")
    _quality(results, docs / "images-benchmark-quality.svg")


def _times(results: dict[str, Any], file: Path) -> None:
    import matplotlib.pyplot as plt

    kinds, names = results["kinds"], contenders(results)
    figure, axes = plt.subplots(figsize=(11, 4.6))
    step = 0.8 / len(names)
    for at, name in enumerate(names):
        places = [index + (at - (len(names) - 1) / 2) * step for index in range(len(kinds))]
        heights = [total(kind, name) or 0 for kind in kinds.values()]
        axes.bar(places, heights, step * 0.94, label=name, color=_COLORS[name])
    axes.set_yscale("log")
    axes.set_xticks(range(len(kinds)), [name.replace(" ", "\n", 1) for name in kinds])
    axes.set(ylabel="CPU ms", title="All sizes and formats of one image")
    axes.legend(frameon=False, ncols=4, fontsize="small")
    _save(figure, file)


def _quality(results: dict[str, Any], file: Path) -> None:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(11, 4.6))
    for name, color in _FORMATS.items():
        points = [
            (8 * result["bytes"] / _width(size) ** 2, result["ssimulacra2"])
            for kind in results["kinds"].values()
            if kind["photo"]
            for size, sized in kind["contenders"]["ours"].items()
            if size in _SIZES
            for each, result in sized["formats"].items()
            if each == name
        ]
        axes.scatter([each[0] for each in points], [each[1] for each in points], label=name, color=color)
    axes.axhline(75, color="#9aa0a6", linewidth=1, linestyle="--")
    axes.set(
        xlabel="bits per square of the width", ylabel="SSIMULACRA2", title="Renditions of photos, 320 to 1920"
    )
    axes.legend(frameon=False)
    _save(figure, file)


def _width(size: str) -> int:
    return int(size[1:])


def _save(figure: Any, file: Path) -> None:
    import matplotlib.pyplot as plt

    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)
