"""What the tests ran: the share of lines, and the files with the most lines that no test reached."""

import json
import subprocess
import sys
from pathlib import Path

from dev.checks import ROOT

_SHOWN = 10


def of(folder: Path) -> str:
    """Combines the data that the measured stages left in `folder` as `coverage.*`, into a dozen lines of text."""
    report = folder / "coverage.json"
    for arguments in (["combine", "--quiet"], ["json", "--quiet", "-o", str(report)]):
        command = [sys.executable, "-m", "coverage", *arguments, "--data-file", str(folder / "coverage")]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            return f"coverage: {(done.stdout + done.stderr).strip()}"
    measured = json.loads(report.read_text())
    files = sorted(
        (
            (len(file["missing_lines"]), name, file["summary"]["percent_covered"])
            for name, file in measured["files"].items()
        ),
        reverse=True,
    )
    lines = [
        f"{missing:5} lines of {name} ({percent:.0f} % covered)" for missing, name, percent in files[:_SHOWN]
    ]
    return "\n".join(
        [f"\ncoverage: {measured['totals']['percent_covered']:.1f} % of lines. Most uncovered:", *lines]
    )
