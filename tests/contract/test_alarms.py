"""Alarms reach the operators and say what to do; CloudWatch accepts the dashboard."""

import json
import re
from typing import Any

import pytest

from dev.checks import ROOT
from dev.checks.template import functions, resources
from imageservice_operator.cli.__main__ import images as command_line

ALARMS = resources("AWS::CloudWatch::Alarm")
each_alarm = pytest.mark.parametrize("name", sorted(ALARMS))


@each_alarm
def test_alarm_reaches_the_operators_and_says_when_it_is_over(name: str) -> None:
    properties = ALARMS[name]["Properties"]
    assert properties["AlarmActions"] == properties["OKActions"] == [{"Ref": "FailureTopic"}]


@each_alarm
def test_alarm_says_what_to_do(name: str) -> None:
    described = json.dumps(ALARMS[name]["Properties"]["AlarmDescription"])
    assert re.search(r"\bimages (failures|replay) ", described) or "Look at" in described


@each_alarm
def test_alarm_is_silent_while_nothing_happens(name: str) -> None:
    assert ALARMS[name]["Properties"]["TreatMissingData"] == "notBreaching"


@each_alarm
def test_alarm_on_an_expression_returns_that_alone(name: str) -> None:
    returned = [metric for metric in ALARMS[name]["Properties"].get("Metrics", []) if metric["ReturnData"]]
    assert [metric.get("Expression") is not None for metric in returned] in ([], [True])


@each_alarm
def test_alarm_watches_metrics_that_the_code_writes(name: str) -> None:
    properties = ALARMS[name]["Properties"]
    metrics = [
        metric["MetricStat"]["Metric"] for metric in properties.get("Metrics", []) if "MetricStat" in metric
    ]
    own = {
        metric["MetricName"] for metric in [*metrics, properties] if metric.get("Namespace") == "ImageService"
    }
    code = "\n".join(file.read_text() for file in (ROOT / "functions").rglob("*.py"))
    assert own == {metric for metric in own if f'"{metric}"' in code}


@pytest.mark.parametrize("name", ["ReaderFunction", "ResizeFunction"])
def test_a_gradual_deployment_of_code_that_can_not_start_goes_back(name: str) -> None:
    (watching,) = [
        alarm
        for alarm, body in ALARMS.items()
        if body["Properties"].get("MetricName") == "Errors"
        and body["Properties"]["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": name}}]
    ]
    (_, gradual, _) = functions()[name]["DeploymentPreference"]["Alarms"]["Fn::If"]
    assert {"Ref": watching} in gradual


def sections() -> dict[str, str]:
    """The text about each alarm in the documentation."""
    text = (ROOT / "docs/operating.md").read_text().split("\n## Alarms\n", 1)[1].split("\n## ", 1)[0]
    parts = re.split(r"^### (\w+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_documentation_has_a_section_for_each_alarm_and_no_other() -> None:
    assert sorted(sections()) == sorted(ALARMS)


@each_alarm
def test_an_alarms_section_says_when_it_fires_what_to_look_at_first_and_the_remedy(name: str) -> None:
    paragraphs = [" ".join(each.split()) for each in sections()[name].strip().split("\n\n")]
    assert [each.split()[0] for each in paragraphs] == ["*Fires*", "*First:*", "*Remedy:*"]
    assert re.search(r"`(images|aws) |dashboard", paragraphs[1])


@each_alarm
def test_an_alarms_message_names_its_section(name: str) -> None:
    described = json.dumps(ALARMS[name]["Properties"]["AlarmDescription"])
    assert f"docs/operating.md#{name.lower()}" in described


def test_the_commands_and_options_in_the_sections_exist() -> None:
    commands = re.findall(r"`images ([a-z]+)((?: --[a-z-]+)*)", " ".join(sections().values()))
    assert commands
    for name, options in commands:
        known = {option for each in command_line.commands[name].params for option in each.opts}
        assert set(options.split()) <= known, name


def dashboard() -> dict[str, Any]:
    body = resources("AWS::CloudWatch::Dashboard")["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    parsed: dict[str, Any] = json.loads(re.sub(r"\$\{[^}]+\}", "sample", body))
    return parsed


def test_widgets_lie_side_by_side() -> None:
    taken: set[tuple[int, int]] = set()
    for widget in dashboard()["widgets"]:
        columns = range(widget["x"], widget["x"] + widget["width"])
        place = {(column, widget["y"] + row) for column in columns for row in range(widget["height"])}
        assert not place & taken, widget["properties"]["title"]
        assert max(columns) < 24
        taken |= place
