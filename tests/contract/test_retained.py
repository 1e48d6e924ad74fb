"""The template for CloudFormation's import of what a deleted stack left agrees with template.yaml."""

from dev.checks import ROOT
from dev.checks.template import resources
from local.deployment.source import parse

RETAINED = ROOT / "docs/examples/retained.template.yaml"


def test_the_import_has_what_can_not_be_changed_later() -> None:
    for name, imported in parse(RETAINED.read_text())["Resources"].items():
        deployed = resources()[name]
        assert {**deployed, "Properties": None} == {**imported, "Properties": None}
        for each, value in imported.get("Properties", {}).items():
            assert deployed["Properties"][each] == value, (name, each)
    for name, table in resources("AWS::DynamoDB::Table").items():
        imported = parse(RETAINED.read_text())["Resources"][name]
        assert table["Properties"].keys() - imported["Properties"].keys() == {
            "DeletionProtectionEnabled",
            "SSESpecification",
            "PointInTimeRecoverySpecification",
            "TimeToLiveSpecification",
        }
