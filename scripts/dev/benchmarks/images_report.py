"""The image benchmark's results as tables, with the targets beside what was measured."""

from pathlib import Path
from statistics import mean
from typing import Any

from dev.benchmarks.comparison import JUDGED_SIZE

_BEGIN, _END = "<!-- measured: begin -->", "<!-- measured: end -->"
_JUDGED = ("w320", "w640", "w1280", "w1920")
_STAGES = ("read", "decode", "resize", "color", "avif", "webp", "jpeg", "png")
_LEAST, _LEAST_MEAN, _LEAST_UNENCODED = 75, 78, 95
_SMALLER = {"avif": 0.70, "webp": 0.85}


def write(results: dict[str, Any], page: Path) -> None:
    """Puts the tables into the page, between its two marks."""
    before, _, rest = page.read_text().partition(_BEGIN)
    page.write_text(f"{before}{_BEGIN}\n\n{tables(results)}\n{_END}{rest.partition(_END)[2]}")


def tables(results: dict[str, Any]) -> str:
    parts = (
        _times(results),
        _quality(results),
        _equal(results),
        _stages(results),
        _memory(results) if "memory" in results else "",
        _verdict(results),
    )
    return "\n".join(part for part in parts if part)


def total(kind: dict[str, Any], contender: str) -> float | None:
    """CPU ms of the whole job; None if the contender can't read the file or was left out."""
    sizes = kind["contenders"].get(contender)
    return sum(size["cpu_ms"] for size in sizes.values()) if sizes else None


def contenders(results: dict[str, Any]) -> list[str]:
    names: dict[str, None] = {}
    for kind in results["kinds"].values():
        names |= dict.fromkeys(kind["contenders"])
    return list(names)


def _times(results: dict[str, Any]) -> str:
    names = contenders(results)
    lines = [
        "CPU ms of the whole job, and s2 at a width of 640, the mean of the formats; a dash: can't read it, or was",
        "left out. *Ratio* is ours over sharp's at the same settings, and at equal SSIMULACRA2 (s2; `<`: sharp does",
        "not get there with a quality 12 higher). HEIC: Pillow and thumbor read it with pillow-heif; the prebuilt",
        "libvips of pyvips and sharp has no decoder for HEVC.",
        "",
        *_head("kind", *names, "ratio", "at equal s2"),
    ]
    for name, kind in results["kinds"].items():
        times = [_time_and_score(kind, each) for each in names]
        ours, sharp = total(kind, "ours"), total(kind, "sharp")
        same = f"{ours / sharp:.2f}" if ours and sharp else "–"
        equal = kind.get("equal_sharp")
        at_equal = (
            f"{'' if equal['reached'] else '< '}{equal['ours_cpu_ms'] / equal['cpu_ms']:.2f}"
            if equal
            else "–"
        )
        lines.append(_row(name, *times, same, at_equal))
    return "\n".join([*lines, ""])


def _time_and_score(kind: dict[str, Any], contender: str) -> str:
    time, sizes = total(kind, contender), kind["contenders"].get(contender)
    if not time:
        return "–"
    scores = (
        [each["ssimulacra2"] for each in sizes[JUDGED_SIZE]["formats"].values()]
        if JUDGED_SIZE in sizes
        else []
    )
    return f"{time:,.0f} · {mean(scores):.0f}" if scores else f"{time:,.0f}"


def _quality(results: dict[str, Any]) -> str:
    lines = [
        "By kind and format: all sizes together in kB, the means of SSIM and of Butteraugli (b), and s2 at the widths",
        "320, 640, 1280 and 1920, as far as the image is that wide. sharp at the same settings beside it.",
        "",
        *_head("kind", "format", "ours kB", "SSIM", "b", "s2", "sharp kB", "SSIM", "b", "s2"),
    ]
    for name, kind in results["kinds"].items():
        for each in next(iter(kind["contenders"]["ours"].values()))["formats"]:
            cells = [cell for contender in ("ours", "sharp") for cell in _judged(kind, contender, each)]
            lines.append(_row(name, each, *cells))
    return "\n".join([*lines, ""])


def _judged(kind: dict[str, Any], contender: str, name: str) -> list[str]:
    sizes = kind["contenders"].get(contender)
    if not sizes:
        return ["–"] * 4
    found = [size["formats"][name] for size in sizes.values()]
    judged = [sizes[each]["formats"][name] for each in _JUDGED if each in sizes]
    butteraugli = [each["butteraugli"] for each in judged if each["butteraugli"] is not None]
    return [
        f"{sum(each['bytes'] for each in found) / 1000:,.0f}",
        f"{mean(each['ssim'] for each in judged):.3f}",
        f"{mean(butteraugli):.2f}" if butteraugli else "–",
        " ".join(f"{each['ssimulacra2']:.0f}" for each in judged),
    ]


def _equal(results: dict[str, Any]) -> str:
    lines = [
        "Bytes at equal s2, at a width of 640: AVIF and WebP as a share of the JPEG of default quality; and the bytes",
        "of sharp's whole job as a share of ours, with the quality that it needs on top of ours to reach the same s2.",
        "",
        *_head("kind", "JPEG kB", "s2", "AVIF", "WebP", "sharp's quality", "sharp's bytes"),
    ]
    for name, kind in results["kinds"].items():
        frontier, equal = kind.get("frontier"), kind.get("equal_sharp")
        if frontier is None and equal is None:
            continue
        cells = ["–"] * 4
        if frontier:
            shares = [f"{frontier['shares'][each]:.0%}" for each in ("avif", "webp")]
            cells = [f"{frontier['bytes'] / 1000:,.1f}", f"{frontier['ssimulacra2']:.0f}", *shares]
        if equal:
            share = equal["bytes"] / _bytes(kind, "ours")
            cells += [f"{'+' if equal['reached'] else '> +'}{equal['more']}", f"{share:.0%}"]
        lines.append(_row(name, *cells, *(["–"] * (6 - len(cells)))))
    return "\n".join([*lines, ""])


def _stages(results: dict[str, Any]) -> str:
    lines = [
        "Where the engine's CPU ms go, in all sizes together; and s2 before encoding at the widths 160, 320 and 640.",
        "",
        *_head("kind", *_STAGES, "s2 before encoding"),
    ]
    for name, kind in results["kinds"].items():
        if "stages" in kind:
            cpu, scores = kind["stages"]["cpu_ms"], kind["stages"]["unencoded"]
            cells = [f"{cpu[each]:,.0f}" if each in cpu else "–" for each in _STAGES]
            lines.append(_row(name, *cells, " ".join(f"{score:.0f}" for score in scores.values())))
    return "\n".join([*lines, ""])


def _memory(results: dict[str, Any]) -> str:
    peaks = results["memory"]
    head = "Peak memory of a fresh process, a 50-megapixel baseline JPEG to a width of 1920:"
    return "\n".join([head, "", *_head(*peaks), _row(*(f"{peak:.0f} MB" for peak in peaks.values())), ""])


def _verdict(results: dict[str, Any]) -> str:
    """Each target beside what was measured."""
    kinds = results["kinds"]
    photos = {name: kind for name, kind in kinds.items() if kind["photo"]}
    scores = {
        (name, size, each): result["ssimulacra2"]
        for name, kind in photos.items()
        for size, sized in kind["contenders"]["ours"].items()
        if size in _JUDGED
        for each, result in sized["formats"].items()
    }
    rows = []
    if scores:
        worst = min(scores, key=lambda key: scores[key])
        rows += [
            ("Least s2 of a photo, from 320 on", f"{scores[worst]:.1f} ({', '.join(worst)})", f"≥ {_LEAST}"),
            ("Mean s2 of the photos, from 320 on", f"{mean(scores.values()):.1f}", f"≥ {_LEAST_MEAN}"),
        ]
    for each, most in _SMALLER.items():
        shares = [kind["frontier"]["shares"][each] for kind in photos.values() if "frontier" in kind]
        if shares:
            measured = f"{min(shares):.0%} to {max(shares):.0%}"
            rows.append((f"{each}'s bytes of JPEG's at equal s2, photos", measured, f"≤ {most:.0%}"))
    unencoded = [
        score for kind in kinds.values() if "stages" in kind for score in kind["stages"]["unencoded"].values()
    ]
    if unencoded:
        rows.append(("Least s2 before encoding", f"{min(unencoded):.1f}", f"≥ {_LEAST_UNENCODED}"))
    ratios = {
        name: kind["equal_sharp"]["ours_cpu_ms"] / kind["equal_sharp"]["cpu_ms"]
        for name, kind in kinds.items()
        if "equal_sharp" in kind
    }
    if ratios:
        worst_ratio = max(ratios, key=lambda name: ratios[name])
        rows.append(
            (
                "CPU time of sharp's at equal s2, the worst kind",
                f"{ratios[worst_ratio]:.2f} ({worst_ratio})",
                "≤ 1.0",
            )
        )
    if peaks := results.get("memory"):
        share = peaks["ours"] / peaks["naive Pillow"]
        rows.append(("50 MP JPEG to 1920, peak memory of naive's", f"{share:.2f}", "≤ 0.3"))
    return "\n".join([*_head("what", "measured", "target"), *(_row(*row) for row in rows), ""])


def _bytes(kind: dict[str, Any], contender: str) -> int:
    sizes = kind["contenders"][contender].values()
    return sum(result["bytes"] for size in sizes for result in size["formats"].values())


def _head(*cells: str) -> list[str]:
    return [_row(*cells), "|" + "---|" * len(cells)]


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
