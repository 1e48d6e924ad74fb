"""`sam deploy --guided`, driven through a terminal: Enter at every prompt reaches AWS.

The real SAM CLI asks, a pseudo-terminal answers, and a server on loopback stands where AWS would be. It refuses the
first call, so the deployment ends there.
"""

import os
import pty
import re
import select
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dev.checks import ROOT
from dev.checks.template import template

SAM = ROOT / ".venv/sam/bin/sam"
# Only ends a hang: a busy machine may take a minute.
PATIENCE_S = 240
PROMPT = re.compile(r"(?P<text>[^\n]*?)(?: \[(?P<default>[^\n]*)\])?: $")
COLOR = re.compile(r"\x1b\[[\d;]*m")
PARAMETER = re.compile(r"\s*Parameter (\w+)")


class Aws(ThreadingHTTPServer):
    """Counts the calls, and refuses them."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        super().__init__(("127.0.0.1", 0), Refusal)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Refusal(BaseHTTPRequestHandler):
    server: Aws

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.calls.append(body.decode())
        answer = b"<ErrorResponse><Error><Code>Refused</Code><Message>no account here</Message></Error></ErrorResponse>"
        self.send_response(400)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing: the calls are kept."""


@pytest.fixture
def aws() -> Iterator[Aws]:
    with Aws() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """What `sam deploy` reads. It writes its answers into samconfig.toml, so it gets a copy."""
    for name in ("template.yaml", "samconfig.toml"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("functions", "statemachine"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def guided(project: Path, aws: Aws, answers: dict[str, str]) -> dict[str, str]:
    """Answers a prompt for a parameter in `answers` with its value, others with Enter. Returns prompts and defaults."""
    ours, theirs = pty.openpty()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(project),
        "SAM_CLI_TELEMETRY": "0",
        "AWS_ENDPOINT_URL": aws.url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    process = subprocess.Popen(
        [SAM, "deploy", "--guided"], cwd=project, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    asked: dict[str, str] = {}
    screen = ""
    try:
        while select.select([ours], [], [], PATIENCE_S)[0]:
            try:
                chunk = os.read(ours, 65536)
            except OSError:  # how Linux says that the other end is closed
                break
            if not chunk:
                break
            screen = (screen + COLOR.sub("", chunk.decode())).replace("\r", "")
            found = PROMPT.search(screen)
            if found is None:
                continue
            text = found["text"].strip()
            assert text not in asked, f"asked again: {text}\n{screen[-2000:]}"
            asked[text] = found["default"] or ""
            parameter = PARAMETER.match(text)
            os.write(ours, (answers.get(parameter[1], "") if parameter else "").encode() + b"\n")
            screen += "\n"
        else:
            pytest.fail(f"sam deploy --guided asks nothing and does nothing:\n{screen[-2000:]}")
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    return asked


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"Cache": "serverless"},
        {"Cache": "cluster"},
        {"Cache": "external", "CacheUrl": "rediss://redis.example.com:6379"},
    ],
    ids=lambda answers: answers.get("Cache", "defaults"),
)
def test_a_guided_deployment_reaches_aws_with_an_answer_to_every_prompt(
    project: Path, aws: Aws, answers: dict[str, str]
) -> None:
    asked = guided(project, aws, answers)
    parameters = {found[1] for text in asked if (found := PARAMETER.match(text))}
    assert parameters == template()["Parameters"].keys()
    assert "Action=DescribeStacks" in aws.calls[0]
