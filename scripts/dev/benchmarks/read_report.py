"""The read benchmark's results as a table, with the targets and whether they are met."""

from pathlib import Path
from typing import Any

_BEGIN, _END = "<!-- measured: begin -->", "<!-- measured: end -->"


def targets(results: dict[str, Any]) -> list[dict[str, Any]]:
    """Each target with what was measured."""
    single, cluster = results["single"], results["cluster"]
    faster = 1 - single["hit_beside_miss"]["p50"] / single["miss"]["p50"]
    return [
        _target("hit p50, single node", single["hit"]["p50"] / 1000, 1, "ms"),
        _target("hit p50 / redis-py's GET, single node", _ratio(single, "get"), 2, "×"),
        _target("hit p50 / redis-py's GET, three-master cluster", _ratio(cluster, "get"), 2.5, "×"),
        _target("hit CPU / bare GET, single node", single["hit"]["cpu"] / single["bare"]["cpu"], 5, "×"),
        {
            "name": "a hit is faster than a miss by",
            "measured": f"{faster:.0%}",
            "target": "≥ 60%",
            "met": faster >= 0.6,
        },
        _target("imports / (boto3 and one client)", results["imports"]["ratio"], 0.75, ""),
    ]


def table(results: dict[str, Any]) -> str:
    """Markdown, as it is printed and put into the documentation."""
    rows = []
    for kind, times in (("single node", results["single"]), ("three masters", results["cluster"])):
        miss = _us(times["miss"])
        rows.append(f"| {kind} | {_cells(times['bare'], times['get'], times['hit'])} | {miss} |")
        others = _cells(times["other_bare"], times["other_get"], times["other_hit"])
        rows.append(f"| {kind}, another image each time | {others} | |")
    http = [
        f"| {clients} | {each['p50_ms']:.1f} | {each['p99_ms']:.1f} | {each['per_second']:.0f} |"
        for clients, each in results["http"].items()
    ]
    imports = ", ".join(
        f"{name} {taken:.0f} ms" for name, taken in results["imports"].items() if name != "ratio"
    )
    verdict = [
        f"| {each['name']} | {each['measured']} | {each['target']} | {'yes' if each['met'] else '**no**'} |"
        for each in targets(results)
    ]
    return "\n".join(
        [
            f"{results['machine']}. An entry has {results['entry_bytes']:,} bytes: five sizes in three formats.",
            "",
            "The handler in process, logging and metrics on; µs, p50 / p99 / CPU p50:",
            "",
            "| | GET, bare socket | GET, redis-py | hit | hit / bare GET (CPU) | miss |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
            "Hits through the local HTTP API, whose gateway takes nearly all of the time:",
            "",
            "| clients | p50 ms | p99 ms | answers/s |",
            "|---|---|---|---|",
            *http,
            "",
            f"Imports beyond a bare Python, CPU time: {imports}.",
            "",
            "| what | measured | target | met |",
            "|---|---|---|---|",
            *verdict,
        ]
    )


def write(results: dict[str, Any], page: Path) -> None:
    """Puts the table into the page, between its two marks."""
    before, _, rest = page.read_text().partition(_BEGIN)
    page.write_text(f"{before}{_BEGIN}\n\n{table(results)}\n\n{_END}{rest.partition(_END)[2]}")


def _target(name: str, measured: float, most: float, unit: str) -> dict[str, Any]:
    return {
        "name": name,
        "measured": f"{measured:.2f} {unit}".strip(),
        "target": f"≤ {most:g} {unit}".strip(),
        "met": measured <= most,
    }


def _ratio(times: dict[str, Any], get: str) -> float:
    return float(times["hit"]["p50"] / times[get]["p50"])


def _cells(bare: Any, get: Any, hit: Any) -> str:
    return f"{_us(bare)} | {_us(get)} | {_us(hit)} | {hit['cpu'] / bare['cpu']:.2f}"


def _us(times: dict[str, float]) -> str:
    return f"{times['p50']:.0f} / {times['p99']:.0f} / {times['cpu']:.0f}"
