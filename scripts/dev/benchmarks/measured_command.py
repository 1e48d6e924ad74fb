"""`python -m dev.benchmarks.measured_command ARGUMENTS`: the command `images`, and what it took, as JSON on file 3."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path


def _peak_bytes() -> int:
    """The most memory that this process had. Not from getrusage, which includes the process that started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def main() -> None:
    begin = time.process_time()
    from imageservice_operator.cli.__main__ import images

    imported = time.process_time() - begin
    try:
        images(prog_name="images")
    finally:
        took = {
            "cpu_ms": (time.process_time() - begin) * 1000,
            "import_ms": imported * 1000,
            "peak_bytes": _peak_bytes(),
        }
        sys.stdout.flush()
        os.write(3, json.dumps(took).encode())


if __name__ == "__main__":
    main()
