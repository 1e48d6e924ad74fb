"""A deployment that changes what a versioned function does or is configured with publishes a new version of it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from dev.checks.rendered import rendered
from dev.checks.template import functions, resources, state_machines, template

VERSIONED = sorted(name for name, function in functions().items() if "AutoPublishAlias" in function)
CONFIGURATION = resources("AWS::AppConfig::HostedConfigurationVersion")["FunctionConfiguration"]
# Lambda applies them to the function itself, whatever version runs.
NOT_VERSIONED = {"ReservedConcurrentExecutions", "Tags", "Events", "DeploymentPreference"}
each_function = pytest.mark.parametrize("name", VERSIONED)


def parameters_in(value: Any) -> set[str]:
    """The parameters that the value depends on, also by conditions."""
    return {name for name in _names(value) if name in template()["Parameters"]}


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            if key == "Ref":
                yield part
            elif key == "Condition" and isinstance(part, str):
                yield from _names(template()["Conditions"][part])
            elif key == "Fn::If":
                yield from _names([template()["Conditions"][part[0]], *part[1:]])
            elif key == "Fn::Sub":
                yield from re.findall(r"\$\{([^}.:!]+)\}", part if isinstance(part, str) else part[0])
                yield from _names(part)
            else:
                yield from _names(part)
    elif isinstance(value, list):
        for part in value:
            yield from _names(part)


@each_function
def test_every_parameter_of_a_version_is_in_the_configuration_whose_number_publishes_it(name: str) -> None:
    versioned = {key: value for key, value in functions()[name].items() if key not in NOT_VERSIONED}
    assert parameters_in(versioned) <= parameters_in(CONFIGURATION["Properties"]["Content"])


def test_the_configuration_holds_no_secret() -> None:
    assert "resolve:secretsmanager" not in str(CONFIGURATION)


@each_function
def test_a_changed_number_changes_the_function_and_publishes_its_version(name: str) -> None:
    function = rendered()["Resources"][name]["Properties"]
    assert function["Environment"]["Variables"]["CONFIGURATION"] == {"Ref": "FunctionConfiguration"}
    (version,) = versions_of(name)
    assert "${FunctionConfiguration}" in version["Properties"]["Description"]["Fn::Sub"]


@each_function
def test_an_older_version_stays_for_the_executions_that_name_it(name: str) -> None:
    (version,) = versions_of(name)
    assert (version["UpdateReplacePolicy"], version["DeletionPolicy"]) == ("Retain", "Retain")
    assert "DeletionPolicy" not in rendered()["Resources"][name]


def test_definitions_name_versions_and_nothing_else_calls_the_latest_code_of_such_a_function() -> None:
    named = {
        value["Ref"].removesuffix(".Version")
        for machine in state_machines().values()
        for key, value in machine["DefinitionSubstitutions"].items()
        if key.endswith("FunctionArn")
    }
    assert named | {"ReaderFunction", "ResizeFunction"} == set(VERSIONED)
    queue = rendered()["Resources"]["ResizeFunctionResizes"]["Properties"]
    assert queue["FunctionName"] == {"Ref": "ResizeFunctionAliaslive"}
    body = str(rendered()["Resources"]["HttpApi"]["Properties"]["Body"])
    assert "${ReaderFunctionAliaslive}" in body
    assert "${ReaderFunction.Arn}" not in body


def test_every_way_of_deploying_is_in_the_mapping() -> None:
    ways = template()["Parameters"]["Deployment"]["AllowedValues"]
    mapping = template()["Mappings"]["Deployments"]
    assert sorted(mapping) == sorted(ways)
    for way, meaning in mapping.items():
        if found := re.fullmatch(r"(Canary|Linear)(\d+)Percent(?:Every)?(\d+)Minutes?", way):
            kind, percent, minutes = found.groups()
            expected = {"Type": kind.upper(), "Percentage": percent, "Minutes": minutes, "Gradual": "true"}
            assert meaning == expected
        else:
            assert (meaning["Type"], meaning["Gradual"]) == ("ALL_AT_ONCE", "false")


def versions_of(name: str) -> list[dict[str, Any]]:
    return [
        each
        for each in rendered()["Resources"].values()
        if each["Type"] == "AWS::Lambda::Version" and each["Properties"]["FunctionName"] == {"Ref": name}
    ]
