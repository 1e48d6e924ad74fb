"""docs/configuration.md names every parameter of the template, with its default."""

import re
from typing import Any

from dev.checks import ROOT
from dev.checks.template import template

ROW = re.compile(r"^\| `(\w+)` \| (.+?) \| .+ \| .* \|$", re.MULTILINE)


def shown(parameter: dict[str, Any]) -> str:
    """A parameter's default as the page writes it: numbers bare, text in backquotes."""
    default = parameter["Default"]
    if default == "":
        return "empty"
    return str(default) if parameter["Type"] == "Number" else f"`{default}`"


def test_the_page_names_every_parameter_with_its_default() -> None:
    rows = ROW.findall((ROOT / "docs/configuration.md").read_text())
    assert len(rows) == len(dict(rows)), "a parameter has two rows"
    assert dict(rows) == {name: shown(parameter) for name, parameter in template()["Parameters"].items()}
