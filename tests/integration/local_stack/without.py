"""A local stack with some of its patches left out: `without.py NAME,NAME serve …`.

For tests that show that a patch is needed. Runs in `.venv/local`, as `python -m local` does.
"""

import importlib
import sys

from local.__main__ import main


def leave_out(name: str) -> None:
    """Let the patch of that name do nothing."""
    importlib.import_module(f"local.patches.{name}").apply = lambda *_: None


if __name__ == "__main__":
    for patch_name in sys.argv.pop(1).split(","):
        leave_out(patch_name)
    sys.exit(main())
