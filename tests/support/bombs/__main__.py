"""What each hostile file costs the functions: `./scripts/bench bombs [WORDS …]` prints the table of docs/bombs.md.

With words, only of the files whose names contain one of them. Status 1 means that one takes more than a function has.
"""

import sys

from bombs.catalog import BOMBS, costs_of
from bombs.functions import Costs

HEAD = (
    "| file | kB | inspected: MB | CPU s | requests | resized: MB | CPU s | outcome |\n"
    "|---|---|---|---|---|---|---|---|"
)


def row(name: str, costs: Costs) -> str:
    resized = f"{costs.resize.peak:,} | {costs.resize.seconds:.1f}" if costs.resize else "|"
    return (
        f"| {name} | {costs.length / 1000:,.0f} | {costs.inspect.peak:,} | {costs.inspect.seconds:.1f}"
        f" | {costs.inspect.requests} | {resized} | {costs.outcome} |"
    )


def main() -> None:
    words = sys.argv[1:]
    if "--help" in words:
        print(__doc__)
        return
    print(HEAD)
    excesses = []
    for name in BOMBS:
        if not words or any(word in name for word in words):
            costs = costs_of(name)
            print(row(name, costs), flush=True)
            excesses += [f"{name}: {excess}" for excess in costs.excesses()]
    if excesses:
        sys.exit("\n".join(excesses))


if __name__ == "__main__":
    main()
