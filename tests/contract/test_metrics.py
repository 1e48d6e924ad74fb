"""The metrics that the functions count are those that docs/operating.md lists, and the dashboard shows them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from dev.checks import ROOT
from dev.checks.template import resources, sample

FUNCTIONS = ROOT / "functions"
NAME = re.compile(r"[A-Z][a-z]+(?:[A-Z][a-z]+)+")
# Where metrics get their names. Every CamelCase text there is one, but for the name of the unit's class.
COUNTING = {
    *FUNCTIONS.glob("*/handler.py"),
    FUNCTIONS / "imageservice" / "read_through.py",
}
NOT_METRICS = {"MetricUnit"}


def tree(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text()))


def counted() -> set[str]:
    texts = (node.value for path in COUNTING for node in tree(path) if isinstance(node, ast.Constant))
    return {text for text in texts if isinstance(text, str) and NAME.fullmatch(text)} - NOT_METRICS


def documented() -> list[str]:
    text = (ROOT / "docs" / "operating.md").read_text()
    rows = text.partition("| metric | what it measures |")[2].partition("\n\n")[0]
    return [name for row in rows.splitlines()[2:] for name in row.split("|")[1].strip().split(", ")]


def on_the_dashboard() -> set[str]:
    (dashboard,) = resources("AWS::CloudWatch::Dashboard").values()
    body = sample(dashboard["Properties"]["DashboardBody"])
    return set(re.findall(r'\["(?:ImageService|\.)", "(\w+)"', body)) - {"Throttles"}


def test_every_metric_is_documented_once_and_no_other() -> None:
    assert sorted(documented()) == sorted(counted())


def test_metrics_get_their_names_only_where_this_test_looks() -> None:
    calls = {
        path
        for path in FUNCTIONS.rglob("*.py")
        for node in tree(path)
        if isinstance(node, ast.Call)
        and (
            getattr(node.func, "attr", None) == "add_metric"
            or getattr(node.func, "id", None) == "log_request"
        )
    }
    assert len(calls) == 4  # reader, refresh_cache, record_failure, reconcile
    assert calls <= COUNTING


def test_the_dashboard_shows_every_metric() -> None:
    assert on_the_dashboard() == counted()


def test_no_metric_has_a_dimension_of_its_own() -> None:
    """CloudWatch charges for each value of a dimension."""
    assert not [path for path in FUNCTIONS.rglob("*.py") if "add_dimension" in path.read_text()]


def test_the_dashboards_queries_read_what_the_functions_log() -> None:
    (dashboard,) = resources("AWS::CloudWatch::Dashboard").values()
    queries = re.findall(r'"query": "([^"]+)"', sample(dashboard["Properties"]["DashboardBody"]))
    fields = {field for query in queries for field in re.findall(r"(?:pct|avg)\((\w+)\.\w+", query)}
    logged = {
        key.value
        for node in tree(FUNCTIONS / "resize" / "handler.py")
        if isinstance(node, ast.Dict)
        for key in node.keys
        if isinstance(key, ast.Constant)
    }
    assert fields == {"encode_ms", "bytes"}
    assert fields <= logged
