"""plan apply: what it refuses, and the warning that a later deployment would undo it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from imageservice_operator.cli.__main__ import images
from imageservice_operator.cli.plan.apply import _warn_of_samconfig
from imageservice_operator.cli.session import Session
from imageservice_operator.operations.stack import Stack


def said_about(text: str, folder: Path) -> str:
    file = folder / "samconfig.toml"
    file.write_text(text)
    out = io.StringIO()
    session = Session(
        lambda: Stack("s", "us-east-1", {}, lambda _: None), False, Console(), Console(file=out)
    )
    _warn_of_samconfig(session, file)
    return out.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        'parameter_overrides = "MaxBytes=\\"5\\" RenditionPlan=\\"\\""',
        'parameter_overrides = ["RenditionPlan={}"]',
        "[default.deploy.parameters.parameter_overrides]\nRenditionPlan = ''",
    ],
)
def test_a_samconfig_that_names_the_plan_is_pointed_out(text: str, tmp_path: Path) -> None:
    assert "the next sam deploy would put its plan back" in said_about(text, tmp_path)


def test_a_samconfig_that_does_not_is_none_of_its_business(tmp_path: Path) -> None:
    assert said_about("[default.deploy.parameters]\nresolve_s3 = true\n", tmp_path) == ""


@pytest.mark.parametrize("options", [[], ["--resume", "--rollback"]])
def test_it_takes_either_a_file_or_resume_or_rollback(options: list[str], tmp_path: Path) -> None:
    ended = CliRunner().invoke(images, ["plan", "apply", *options, "--state-dir", str(tmp_path)])
    assert (ended.exit_code, "Give a FILE, or --resume, or --rollback." in ended.stderr) == (2, True)
