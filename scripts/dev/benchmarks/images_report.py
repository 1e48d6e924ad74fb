"""The image benchmark's results as a table, a plot and a verdict on the targets."""

import json
from pathlib import Path
from typing import Any

from dev.benchmarks.processes import CONTENDERS

_BEGIN, _END = "<!-- measured: begin -->", "<!-- measured: end -->"
_SIZES = ("thumb", "w320", "w640", "w1280", "w1920")
_WIDTHS = ("w160", "w320", "w640", "w1280", "w1920")
_FORMATS = ("avif", "webp", "jpeg")
_COLORS = {contender.name: contender.color for contender in CONTENDERS}


def write(results: dict[str, Any], docs: Path) -> None:
    """Puts the numbers, the plot and the table into `docs`; in images.md only what is between the two marks changes."""
    docs.mkdir(exist_ok=True)
    (docs / "images-benchmark.json").write_text(json.dumps(results, indent=1) + "\n")
    plot(results, docs / "images-benchmark.png")
    page = docs / "images.md"
    text = page.read_text() if page.exists() else f"# Images\n\n{_BEGIN}\n{_END}\n"
    before, _, rest = text.partition(_BEGIN)
    page.write_text(
        f"{before}{_BEGIN}\n\n{table(results)}\n{verdict(results)}\n{_END}{rest.partition(_END)[2]}"
    )


def table(results: dict[str, Any]) -> str:
    lines = [
        f"Photos: {', '.join(results['photos'])}. Rounds: {results['rounds']}. One thread each. SSIM and",
        "SSIMULACRA2 (s2) are against the photo decoded in full and shrunk in linear light, without encoding.",
        "",
        "One JPEG of quality 80, CPU ms (SSIM):",
        "",
        "| width | " + " | ".join(results["widths"]) + " |",
        "|---|" + "---|" * len(results["widths"]),
    ]
    for width in _WIDTHS:
        cells = [
            f"{sizes[width]['cpu_ms']:.0f} ({sizes[width]['formats']['jpeg']['ssim']:.3f})"
            for sizes in results["widths"].values()
        ]
        lines.append(f"| {width[1:]} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "The whole job, five sizes in AVIF, WebP and JPEG; s2 is the mean of the widths 320 and 640:",
        "",
        "| | CPU ms | " + " | ".join(f"{name} kB (SSIM, s2)" for name in _FORMATS) + " |",
        "|---|" + "---|" * (1 + len(_FORMATS)),
    ]
    for name, sizes in results["job"].items():
        cells = [
            f"{_total(sizes, each, 'bytes') / 1000:.0f} ({_mean(sizes, each, 'ssim'):.3f}, {_seen(sizes, each):.0f})"
            for each in _FORMATS
        ]
        lines.append(f"| {name} | {_time(sizes):.0f} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "Peak memory of a fresh process, a 50-megapixel baseline JPEG to a width of 1920:",
        "",
        "| " + " | ".join(results["memory"]) + " |",
        "|" + "---|" * len(results["memory"]),
        "| " + " | ".join(f"{peak:.0f} MB" for peak in results["memory"].values()) + " |",
        "",
    ]
    return "\n".join(lines)


def verdict(results: dict[str, Any]) -> str:
    """Each target of the engine beside what was measured."""
    widths, job, memory = results["widths"], results["job"], results["memory"]
    speedups = [
        widths["naive Pillow"][width]["cpu_ms"] / widths["ours"][width]["cpu_ms"] for width in _WIDTHS
    ]
    geomean = 1.0
    for speedup in speedups:
        geomean *= speedup ** (1 / len(speedups))
    same, defaults = job["sharp"], job["sharp, its defaults"]
    ssim = min(
        job["ours"][size]["formats"][name]["ssim"] - same[size]["formats"][name]["ssim"]
        for size in _SIZES
        for name in _FORMATS
    )
    bytes_ratio = sum(_total(job["ours"], name, "bytes") for name in _FORMATS) / sum(
        _total(same, name, "bytes") for name in _FORMATS
    )
    seen = [sum(_seen(job[name], each) for each in _FORMATS) / len(_FORMATS) for name in ("ours", "sharp")]
    rows = [
        ("One JPEG, times faster than naive Pillow (geometric mean of the widths)", f"{geomean:.1f}", "≥ 3"),
        ("… at the widths 160, 320, 640, 1280, 1920", ", ".join(f"{each:.1f}" for each in speedups), ""),
        (
            "Whole job, CPU time of sharp's at the same settings",
            f"{_time(job['ours']) / _time(same):.2f}",
            "≤ 1.0",
        ),
        (
            "Whole job, CPU time of sharp's at its defaults",
            f"{_time(job['ours']) / _time(defaults):.2f}",
            "≤ 0.3",
        ),
        ("SSIM beside sharp's at the same settings, worst of 15 renditions", f"{ssim:+.4f}", "≥ -0.005"),
        (
            "SSIMULACRA2 at 320 and 640, beside sharp's at the same settings",
            f"{seen[0] - seen[1]:+.1f}",
            "> 0",
        ),
        ("Bytes of sharp's at the same settings", f"{bytes_ratio:.2f}", "0.9 to 1.1"),
        (
            "50 MP JPEG to 1920, peak memory of naive's",
            f"{memory['ours'] / memory['naive Pillow']:.2f}",
            "≤ 0.3",
        ),
    ]
    lines = ["| what | measured | target |", "|---|---|---|", *(f"| {a} | {b} | {c} |" for a, b, c in rows)]
    return "\n".join(lines) + "\n"


def plot(results: dict[str, Any], path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.6), dpi=110, width_ratios=(3, 2))
    names = list(results["widths"])
    step = 0.8 / len(names)
    for at, name in enumerate(names):
        places = [index + (at - (len(names) - 1) / 2) * step for index in range(len(_WIDTHS))]
        heights = [results["widths"][name][width]["cpu_ms"] for width in _WIDTHS]
        left.bar(places, heights, step * 0.94, label=name, color=_COLORS[name])
    left.set_xticks(range(len(_WIDTHS)), [width[1:] for width in _WIDTHS])
    left.set(xlabel="width", ylabel="CPU ms", title="One JPEG of a 12 to 16 MP photo")
    left.legend(frameon=False)
    job = results["job"]
    bars = right.barh(
        list(job)[::-1],
        [_time(job[name]) for name in list(job)[::-1]],
        color=[_COLORS[name] for name in list(job)[::-1]],
    )
    right.bar_label(bars, fmt=" %.0f", padding=2)
    right.set(xlabel="CPU ms", title="Five sizes in AVIF, WebP and JPEG")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path)
    plt.close(figure)


def _time(sizes: dict[str, Any]) -> float:
    return float(sum(size["cpu_ms"] for size in sizes.values()))


def _total(sizes: dict[str, Any], name: str, key: str) -> float:
    return float(sum(size["formats"][name][key] for size in sizes.values()))


def _seen(sizes: dict[str, Any], name: str) -> float:
    found = [size["formats"][name]["ssimulacra2"] for size in sizes.values()]
    scores = [score for score in found if score is not None]
    return float(sum(scores)) / len(scores)


def _mean(sizes: dict[str, Any], name: str, key: str) -> float:
    return _total(sizes, name, key) / len(sizes)
