"""The template as it is written: YAML with CloudFormation's short forms, and its definition files inserted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from local.deployment.errors import BrokenTemplate

# libyaml's parser takes a tenth of the time; a build of PyYAML may lack it.
_SafeLoader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_SafeLoader):  # type: ignore[misc, valid-type]  # one of two classes
    """YAML in which `!Ref x` is `{"Ref": "x"}`."""


def _short_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_form)
# 2012-10-17 and 2010-09-09 are versions, not dates.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse(text: str) -> Any:
    """A template's YAML as plain data: `!Ref X` is {"Ref": "X"}, `!Sub x` is {"Fn::Sub": "x"}. Raises YAMLError."""
    return yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader


def read(path: Path) -> dict[str, Any]:
    """The template at `path`, each `DefinitionUri` replaced by the `Definition` it names. Raises BrokenTemplate."""
    try:
        template = parse(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise BrokenTemplate(f"{path}: {' '.join(str(error).split())}") from error
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        raise BrokenTemplate(f"{path}: no Resources")
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties") or {}
        uri = properties.get("DefinitionUri")
        if isinstance(uri, str):
            definition = path.parent / properties.pop("DefinitionUri")
            try:
                properties["Definition"] = json.loads(definition.read_text())
            except (OSError, ValueError) as error:
                raise BrokenTemplate(f"{path}: {name}: {definition}: {error}") from error
    return template
