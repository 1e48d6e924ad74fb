"""`./scripts/run`, with the service's own template."""

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from waiting import HANG_S

from imageservice_operator.operations import executions, uploads
from imageservice_operator.operations.stack import Stack
from local import background

ROOT = Path(__file__).parents[3]
SAMPLES = ROOT / "tests" / "samples"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The state directory of a running stack of the service."""
    state_dir = tmp_path_factory.mktemp("service")
    with background.started(state_dir):
        yield state_dir


def content(url: str) -> bytes:
    """What the link returns after its redirect; if that is an error, with the answer."""
    try:
        with urllib.request.urlopen(url) as answer:
            body: bytes = answer.read()
            return body
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{url} -> {error.code} {error.url} {error.read()[:300]!r}") from error


def run(*arguments: str, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [ROOT / "scripts" / "run", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def once(state_dir: Path, *files: str) -> tuple[int, list[dict[str, Any]], str]:
    process = run("--once", f"--state-dir={state_dir}", *background.FREE_PORTS, *files)
    output, complaints = process.communicate(timeout=HANG_S)
    return process.returncode, [json.loads(line) for line in output.splitlines()], complaints


def test_once_prints_one_object_per_file_with_links_that_work(service: Path, tmp_path: Path) -> None:
    photo = tmp_path / "a b+c%20é ü.jpg"
    photo.write_bytes((SAMPLES / "landscape-orientation6.jpg").read_bytes())
    status, (image,), _ = once(service, str(photo))
    assert (status, image["id"], image["status"], image["revision"]) == (0, photo.name, "READY", 1)
    assert (image["source"]["width"], image["source"]["height"], image["error"]) == (1800, 1200, None)
    assert image["execution"].startswith("arn:aws:states:")
    for rendition in image["renditions"][:3]:
        assert len(content(rendition["link"])) == rendition["bytes"]


def test_once_fails_when_an_image_is_rejected_and_says_why(service: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.jpg"
    text.write_text("not an image")
    status, (image, other), _ = once(service, str(text), str(SAMPLES / "text-11frames.gif"))
    assert (status, image["status"], other["status"]) == (1, "REJECTED", "READY")
    assert image["error"]["name"] == "ImageRejected"
    assert image["error"]["cause"]
    assert (image["revision"], other["revision"]) == (0, 1)


def test_a_rejection_makes_run_on_a_running_stack_fail_and_reads_as_one(
    service: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty.jpg"
    empty.write_bytes(b"")
    process = run(f"--state-dir={service}", str(empty))
    output, complaints = process.communicate(timeout=HANG_S)
    assert process.returncode == 1
    assert output.startswith("console  ")
    assert "\n\nempty.jpg: rejected. The file is empty.\n\nedge" in output
    assert complaints == f"using the stack that runs on {service}\n"


def test_an_execution_that_ended_in_a_rejection_is_one_before_the_item_says_so(
    service: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "late.jpg"
    empty.write_bytes(b"")
    stack = Stack.local(service)
    upload = uploads.upload(stack, empty, empty.name)
    ((_, image),) = uploads.wait_until_settled(stack, [upload])
    deadline = time.monotonic() + HANG_S
    while executions.describe(stack, image.execution).status == "RUNNING":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    stack.client("dynamodb").update_item(
        TableName=stack.image_table,
        Key={"id": {"S": empty.name}},
        UpdateExpression="SET #status = :processing REMOVE #error",
        ExpressionAttributeNames={"#status": "status", "#error": "error"},
        ExpressionAttributeValues={":processing": {"S": "PROCESSING"}},
    )
    ((_, behind),) = uploads.wait_until_settled(stack, [upload], timeout=HANG_S)
    assert (behind.status, behind.error["name"]) == ("REJECTED", "ImageRejected")
    assert behind.error["cause"] == image.error["cause"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_once_that_is_interrupted_does_not_look_like_success(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    process = run("--once", f"--state-dir={tmp_path}", *background.FREE_PORTS)
    while not (tmp_path / "lock").exists():
        time.sleep(0.05)
    process.send_signal(number)
    output, complaint = process.communicate(timeout=HANG_S)
    assert (process.returncode, output) == (code, "")
    assert complaint == f"stopped by {number.name} before all images were ready\n"


def test_run_waits_for_a_stack_that_is_starting_and_uses_it(tmp_path: Path) -> None:
    photo = SAMPLES / "text-11frames.gif"
    first = run(f"--state-dir={tmp_path}", *background.FREE_PORTS, str(photo))
    try:
        while not (tmp_path / "lock").exists():
            time.sleep(0.05)
        other = tmp_path / "other.gif"
        other.write_bytes(photo.read_bytes())
        status, (image,), messages = once(tmp_path, str(other))
    finally:
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=HANG_S)
    assert (status, image["status"]) == (0, "READY")
    assert "waiting for it" in messages.splitlines()[0]
    assert "using the stack" in messages.splitlines()[1]


def test_a_stack_that_ends_while_it_is_used_is_one_line(tmp_path: Path) -> None:
    with background.started(tmp_path):
        process = run("--once", f"--state-dir={tmp_path}")
        assert "using the stack" in process.stderr.readline()
    output, complaint = process.communicate(timeout=HANG_S)
    assert (process.returncode, output, complaint.count("\n")) == (1, "", 1)
    assert "ended while it was in use" in complaint


def test_options_that_a_running_stack_can_not_take_are_listed(service: Path) -> None:
    photo = SAMPLES / "broken-header.jpg"
    options = ("--port=0", "--no-auth", "--parameter", "MaxBytes=1000")
    _, complaints = run("--once", f"--state-dir={service}", *options, str(photo)).communicate(timeout=HANG_S)
    assert complaints.endswith("ignored --port, --no-auth, --parameter\n")


def test_help_needs_no_environment(tmp_path: Path) -> None:
    """As in a fresh clone, with a Python that has no packages."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("vendor"))
    output = subprocess.run(
        [tmp_path / "scripts" / "run", "--help"],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "PYTHONNOUSERSITE": "1"},
    )
    assert (output.returncode, output.stderr) == (0, "")
    assert output.stdout.startswith("usage: ./scripts/run ")
    assert not (tmp_path / ".venv").exists()


def test_help_names_the_command_that_was_typed() -> None:
    output, _ = run("--help").communicate(timeout=HANG_S)
    assert output.startswith("usage: ./scripts/run ")


def test_the_command_that_was_typed_reports_an_unknown_option() -> None:
    process = run("--nonsense")
    _, complaint = process.communicate(timeout=HANG_S)
    assert process.returncode == 2
    assert "./scripts/run: error: unrecognized arguments: --nonsense" in complaint


@pytest.mark.parametrize("names", [["nowhere.jpg"], ["a/x.jpg", "b/x.jpg"]])
def test_files_that_can_not_be_uploaded_are_one_line_before_anything_starts(
    tmp_path: Path, names: list[str]
) -> None:
    for name in names[1:] and names:
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(b"")
    status, images, complaint = once(tmp_path / "state", *(str(tmp_path / name) for name in names))
    assert (status, images, complaint.count("\n")) == (2, [], 1)
    assert not (tmp_path / "state").exists()


def test_run_shows_a_table_of_links_and_serves_until_interrupted(tmp_path: Path) -> None:
    options = (f"--state-dir={tmp_path}", *background.FREE_PORTS, str(SAMPLES / "text-11frames.gif"))
    process = run(*options, env={**os.environ, "COLUMNS": "80"})
    try:
        lines: list[str] = []
        while not lines or not lines[-1].startswith("Ctrl-C"):
            lines.append(process.stdout.readline())
            assert lines[-1], process.stderr.read()
        assert [line for line in lines if line.rstrip() != line.rstrip("\n")] == []
        described = json.loads((tmp_path / "stack.json").read_text())
        assert lines[0].split() == ["console", described["console_url"]]
        edge = described["outputs"]["CdnUrl"]
        links = [word for line in lines for word in line.split() if word.startswith(edge + "/images")]
        assert len(links) >= 3
        assert content(links[0])
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=HANG_S) == 0
    finally:
        process.kill()
    assert not (tmp_path / "stack.json").exists()
