"""`python -m dev.benchmarks NAME [options]`: runs the benchmark of that name."""

import sys
from importlib import import_module

NAMES = ("auto", "bulk", "bytes", "crops", "images", "light", "local", "operator", "read", "screens", "serve")


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in NAMES:
        sys.exit(f"usage: ./scripts/bench {{{','.join(NAMES)}}} [--help]")
    name = sys.argv.pop(1)
    sys.argv[0] = f"./scripts/bench {name}"
    import_module(f"dev.benchmarks.{name}").main()


if __name__ == "__main__":
    main()
