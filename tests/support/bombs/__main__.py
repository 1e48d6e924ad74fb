"""What each hostile file costs the functions: `./scripts/bench bombs [WORDS …]` prints the table of docs/bombs.md.

With words, only of the files whose names contain one of them. Status 1 means that one takes more than a function has.
"""

import sys

from bombs.catalog import BOMBS, costs_of
from bombs.table import HEAD, row


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
