"""A local stack with some of its patches left out: `without.py NAME,NAME serve …`.

For tests that show that a patch is needed. Runs in `.venv/local`, as `python -m local` does.
"""

import sys

from local import patches
from local.__main__ import main

if __name__ == "__main__":
    left_out = set(sys.argv.pop(1).split(","))
    assert left_out <= set(patches.NAMES), left_out - set(patches.NAMES)
    patches.NAMES = tuple(name for name in patches.NAMES if name not in left_out)
    sys.exit(main())
