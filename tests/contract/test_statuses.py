"""Every list of statuses outside of imageservice.core.manifest agrees with it."""

import json
from typing import get_args, get_type_hints

import yaml

from dev.checks import ROOT
from imageservice.core.item import Item
from imageservice.core.manifest import STATUSES
from imageservice_operator.cli import output
from imageservice_operator.console import filters
from imageservice_operator.operations.executions import ENDED, RUNNING
from imageservice_operator.operations.uploads import SETTLED

IN_PROGRESS = ("PROCESSING",)
SHOWN = (*STATUSES, RUNNING, *ENDED)
"""What operators see: the statuses of images and those of executions."""


def test_every_status_is_either_settled_or_in_progress() -> None:
    assert sorted((*SETTLED, *IN_PROGRESS)) == sorted(STATUSES)


def test_a_manifests_schema_lists_the_statuses() -> None:
    path = ROOT / "functions" / "imageservice" / "core" / "manifest.schema.json"
    assert json.loads(path.read_text())["properties"]["status"]["enum"] == list(STATUSES)


def test_an_item_is_described_for_every_status_once() -> None:
    described = [get_args(get_type_hints(kind)["status"]) for kind in get_args(Item)]
    assert sorted(described) == sorted((status,) for status in STATUSES)


def test_the_api_document_has_a_problem_for_every_status_but_that_of_the_metadata() -> None:
    schemas = yaml.safe_load((ROOT / "docs" / "openapi.yaml").read_text())["components"]["schemas"]
    served: str = schemas["Metadata"]["properties"]["status"]["const"]
    (problems,) = (
        each["enum"] for each in schemas["Problem"]["properties"]["status"]["oneOf"] if "enum" in each
    )
    assert sorted([served, *problems]) == sorted(STATUSES)


def test_the_command_line_has_a_style_for_every_status_it_shows() -> None:
    assert set(output.STATUS_STYLES) == set(SHOWN)


def test_the_console_has_words_for_every_status_it_shows_and_for_none() -> None:
    assert set(filters.STATUSES) == {None, *SHOWN}
