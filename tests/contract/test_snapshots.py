"""What CloudFormation is asked to make is what someone has reviewed."""

import difflib

import pytest

from dev.checks.snapshots import FOLDER, SETS, snapshots
from local.deployment.parameters import check
from local.deployment.source import read

RENEW = "PYTHONPATH=functions:scripts:scripts/operator .venv/test/bin/python -m dev.checks.snapshots"


def test_each_set_of_parameters_makes_what_its_snapshot_says() -> None:
    stored = {path.name: path.read_text() for path in FOLDER.iterdir()}
    made = snapshots()
    differences = [
        line
        for name in sorted(made.keys() | stored.keys())
        for line in difflib.unified_diff(
            stored.get(name, "").splitlines(), made.get(name, "").splitlines(), name, "now", lineterm=""
        )
    ]
    assert not differences, "\n".join([f"review this, then run: {RENEW}", *differences[:200]])


@pytest.mark.parametrize("name", SETS)
def test_every_set_is_accepted_by_the_templates_own_rules(name: str) -> None:
    check(read(FOLDER.parents[1] / "template.yaml"), SETS[name])
