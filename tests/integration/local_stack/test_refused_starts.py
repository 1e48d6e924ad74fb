"""A stack that can't start says why in one line."""

import os
import socket
import subprocess
from pathlib import Path

import pytest
from waiting import HANG_S

from local import background

SAMPLE = Path(__file__).parent / "sample" / "template.yaml"
FREE = (*background.FREE_PORTS, f"--template={SAMPLE}")


def complaint_of(tmp_path: Path, *options: str, **environment: str) -> str:
    process = subprocess.run(
        [background.PYTHON, "-m", "local", "serve", f"--state-dir={tmp_path / 'state'}", *FREE, *options],
        env={"PYTHONPATH": background.PYTHON_PATH, "PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )
    assert process.returncode != 0
    assert process.stdout == ""
    assert process.stderr.count("\n") == 1
    return process.stderr


@pytest.mark.parametrize("option", ["--port", "--redis-port"])
def test_a_taken_port_is_one_line(tmp_path: Path, option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert complaint_of(tmp_path, f"{option}={port}") == (
            f"port {port} is taken: choose another with {option} (0 picks a free one)\n"
        )


@pytest.mark.parametrize("option", ["--port", "--redis-port", "--console-port", "--edge-port"])
@pytest.mark.parametrize("port", ["99999", "-1"])
def test_a_port_that_can_not_be_is_one_line(tmp_path: Path, option: str, port: str) -> None:
    assert complaint_of(tmp_path, f"{option}={port}") == f"{option} {port}: a port must be from 0 to 65535\n"


def test_an_unknown_parameter_is_one_line_that_names_the_known_ones(tmp_path: Path) -> None:
    complaint = complaint_of(tmp_path, "--parameter=Bogus=1")
    assert complaint.startswith(f"--parameter Bogus: not a parameter of {SAMPLE} (it has: ")


def test_a_cluster_for_a_template_that_says_no_rights_is_one_line(tmp_path: Path) -> None:
    assert complaint_of(tmp_path, "--cache=cluster") == (
        f"--cache cluster: {SAMPLE} has no CacheUser, whose rights it needs\n"
    )


@pytest.mark.parametrize("cache", ["none", "cluster"])
def test_a_given_redis_that_would_not_be_used_is_one_line(tmp_path: Path, cache: str) -> None:
    complaint = complaint_of(tmp_path, f"--cache={cache}", "--redis-url=redis://127.0.0.1:1")
    assert complaint == f"--redis-url: --cache {cache} does not use it\n"


def test_a_template_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    assert "no such file" in complaint_of(tmp_path, "--template=/nonexistent.yaml")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Resources: [", "while parsing"),
        ("Description: nothing in it", "no Resources"),
        (
            "Resources: {A: {Type: AWS::Serverless::Function, Properties: {Handler: 7}}}",
            "the SAM transform refuses",
        ),
        ("Resources: {A: {Type: AWS::Nonsense::Thing}}", "the template can't be deployed"),
    ],
)
def test_a_broken_template_is_one_line(tmp_path: Path, text: str, reason: str) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(f"Transform: AWS::Serverless-2016-10-31\n{text}\n")
    assert reason in complaint_of(tmp_path, f"--template={template}")


def test_a_wrong_functions_python_is_one_line(tmp_path: Path) -> None:
    assert "./scripts/run sets it up" in complaint_of(tmp_path, "--functions-python=/nonexistent/python")


def test_a_wrong_python_is_one_line() -> None:
    script = (
        "import runpy, sys; sys.version_info = (3, 10, 1); runpy.run_module('local', run_name='__main__')"
    )
    process = subprocess.run(
        [background.PYTHON, "-c", script, "serve"],
        env={"PYTHONPATH": background.PYTHON_PATH, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 1
    assert process.stderr.startswith("Python 3.11 or newer is needed")
    assert process.stderr.count("\n") == 1


def test_a_missing_redis_is_one_line(tmp_path: Path) -> None:
    # Neither on PATH nor in `.venv/redis`, which is looked for in the repository.
    script = (
        "import sys, pathlib, local.redis_server as redis, local.__main__ as command;"
        "redis.REPOSITORY = pathlib.Path('/nonexistent'); sys.exit(command.main())"
    )
    process = subprocess.run(
        [background.PYTHON, "-c", script, "serve", f"--state-dir={tmp_path}", *FREE],
        env={"PYTHONPATH": background.PYTHON_PATH, "PATH": "/nonexistent"},
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )
    assert (process.returncode, process.stderr) == (
        1,
        "no valkey-server or redis-server on PATH: install one, or pass --redis-url\n",
    )
