"""The template after the AWS::Serverless transform; `python -m dev.checks.rendered`, in `.venv/sam`, prints it."""

import json
import os
import subprocess
from functools import cache
from typing import Any

from dev.checks import ROOT


@cache
def rendered() -> dict[str, Any]:
    """The CloudFormation template that SAM makes, its conditions undecided. It needs `.venv/sam`."""
    printed = subprocess.run(
        [ROOT / ".venv/sam/bin/python", "-m", "dev.checks.rendered"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "scripts:functions"},
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    result: dict[str, Any] = json.loads(printed)
    return result


def main() -> None:
    # Not at the top: the tests that read the result run in an environment without the transform.
    from local.deployment import serverless, source

    template = source.read(ROOT / "template.yaml")
    template["Globals"]["Function"]["CodeUri"] = "s3://bucket/built"  # as `sam package` leaves it
    print(json.dumps(serverless.transformed(template, {}, "us-east-1")))


if __name__ == "__main__":
    main()
