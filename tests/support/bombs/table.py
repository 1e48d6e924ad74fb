"""The table of docs/bombs.md: its rows are written and read here."""

import re

from bombs.functions import Costs
from dev.checks import ROOT

HEAD = (
    "| file | kB | inspected: MB | CPU s | requests | resized: MB | CPU s | outcome |\n"
    "|---|---|---|---|---|---|---|---|"
)
_ROW = re.compile(r"^\| (.+?) \| [\d,]+ \|(?:[^|]*\|){5} (.+) \|$", re.MULTILINE)


def row(name: str, costs: Costs) -> str:
    resized = f"{costs.resize.peak:,} | {costs.resize.seconds:.1f}" if costs.resize else "|"
    return (
        f"| {name} | {costs.length / 1000:,.0f} | {costs.inspect.peak:,} | {costs.inspect.seconds:.1f}"
        f" | {costs.inspect.requests} | {resized} | {costs.outcome} |"
    )


def outcomes() -> dict[str, str]:
    """How each file in the table ended, by its name."""
    return dict(_ROW.findall((ROOT / "docs/bombs.md").read_text()))
