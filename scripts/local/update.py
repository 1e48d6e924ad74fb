"""Updates a running stack in place, as `sam deploy` does: to changed code, definitions, or parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from imageservice_operator.operations.stack import Stack
from imageservice_operator.operations.stack_file import StackFile
from local import statefile
from local.deployment.deploy import Deployer


def update(
    state_dir: Path, template: Path, parameters: Mapping[str, str], stack_name: str, *, versions: bool
) -> None:
    """Update the stack that runs with `state_dir`; parameters that are not given keep their values.

    Raises StackNotFound, BrokenTemplate (then the stack is as it was) or ParametersRefused. The local edge keeps the
    behaviors that it started with.
    """
    file = StackFile.read(state_dir)
    deployer = Deployer(Stack.of_file(file).client, file.endpoint_url, file.region, versions)
    outputs = deployer.update(template, parameters, stack_name)
    statefile.write(state_dir, replace(file, outputs=outputs).as_json())
