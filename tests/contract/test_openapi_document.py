"""docs/openapi.yaml is a document that tools accept, and knows every route of the template."""

import os
import subprocess
from typing import Any

import yaml

from dev.checks import ROOT
from dev.checks.asl import NODE_HOME, node
from dev.checks.template import functions

DOCUMENT = ROOT / "docs" / "openapi.yaml"


def operations() -> dict[str, dict[str, Any]]:
    """By method and path: `GET /images/{id}`."""
    paths = yaml.safe_load(DOCUMENT.read_text())["paths"]
    return {
        f"{method.upper()} {path}": operation
        for path, methods in paths.items()
        for method, operation in methods.items()
        if method != "parameters"
    }


def test_redocly_has_nothing_to_say() -> None:
    command = [node(), str(NODE_HOME / "node_modules/@redocly/cli/bin/cli.js"), "lint", str(DOCUMENT)]
    quiet = {
        "NODE_DISABLE_COMPILE_CACHE": "1",
        "REDOCLY_TELEMETRY": "off",
        "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
    }
    found = subprocess.run(
        [*command, "--config", str(ROOT / "scripts/dev/checks/redocly.yaml"), "--max-problems", "50"],
        env={**os.environ, **quiet},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert "warning" not in found.stdout + found.stderr


def test_every_route_is_described() -> None:
    routes = {
        f"{event['Properties']['Method']} {event['Properties']['Path'].replace('+}', '}')}"
        for function in functions().values()
        for event in function.get("Events", {}).values()
        if event["Type"] == "HttpApi" and "Path" in event["Properties"]
    }
    assert operations().keys() == routes


def test_every_call_has_the_gateways_own_answers() -> None:
    for name, operation in operations().items():
        assert {"400", "429", "500", "503"} <= operation["responses"].keys(), name
        assert ("401" in operation["responses"]) == (operation["tags"] == ["write"]), name


def test_every_write_leads_on_to_the_uploads_state() -> None:
    responses = yaml.safe_load(DOCUMENT.read_text())["components"]["responses"]
    linked = {name for name, response in responses.items() if "state" in response.get("links", {})}
    assert linked == {"Stored", "Deleted"}
    form = operations()["POST /uploads"]["responses"]["201"]
    assert form["links"]["state"]["operationId"] == "getUpload"
