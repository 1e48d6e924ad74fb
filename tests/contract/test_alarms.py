"""Alarms reach the operators and say what to do; CloudWatch accepts the dashboard."""

import json
import re
from typing import Any

import pytest

from dev.checks import ROOT
from dev.checks.template import resources

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


def test_the_documentation_lists_every_alarm() -> None:
    table = (ROOT / "docs/operating.md").read_text().split("| alarm | when |", 1)[1].split("\n\n", 1)[0]
    assert sorted(re.findall(r"^\| (\w+Alarm)", table, re.MULTILINE)) == sorted(ALARMS)


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
