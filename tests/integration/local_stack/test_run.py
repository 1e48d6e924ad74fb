"""`./scripts/run`, with the service's own template."""

import json
import os
import signal
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from local import background

ROOT = Path(__file__).parents[3]
SAMPLES = ROOT / "scripts" / "local" / "samples"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """The state directory of a running stack of the service."""
    state_dir = tmp_path_factory.mktemp("service")
    with background.started(state_dir):
        yield state_dir


def content(url):
    """What the link gives after its redirect; with the answer where that is an error."""
    try:
        with urllib.request.urlopen(url) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{url} -> {error.code} {error.url} {error.read()[:300]!r}") from error


def run(*arguments, **options):
    return subprocess.Popen(
        [ROOT / "scripts" / "run", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def once(state_dir, *files):
    process = run("--once", f"--state-dir={state_dir}", *background.FREE_PORTS, *files)
    output, complaints = process.communicate(timeout=90)
    return process.returncode, [json.loads(line) for line in output.splitlines()], complaints


def test_once_prints_one_object_per_file_with_links_that_work(service, tmp_path):
    photo = tmp_path / "a b+c%20é ü.jpg"
    photo.write_bytes((SAMPLES / "landscape-orientation6.jpg").read_bytes())
    status, (image,), _ = once(service, str(photo))
    assert (status, image["id"], image["status"], image["revision"]) == (0, photo.name, "READY", 1)
    assert (image["source"]["width"], image["source"]["height"], image["error"]) == (1800, 1200, None)
    assert image["execution"].startswith("arn:aws:states:")
    for rendition in image["renditions"][:3]:
        assert len(content(rendition["url"])) == rendition["bytes"]


def test_once_fails_when_an_image_is_rejected_and_says_why(service, tmp_path):
    text = tmp_path / "text.jpg"
    text.write_text("not an image")
    status, (image, other), _ = once(service, str(text), str(SAMPLES / "text-11frames.gif"))
    assert (status, image["status"], other["status"]) == (1, "REJECTED", "READY")
    assert image["error"]["name"] == "ImageRejected"
    assert image["error"]["cause"]


@pytest.mark.parametrize("names", [["nowhere.jpg"], ["a/x.jpg", "b/x.jpg"]])
def test_files_that_can_not_be_uploaded_are_one_line_before_anything_starts(tmp_path, names):
    for name in names[1:] and names:
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(b"")
    status, images, complaint = once(tmp_path / "state", *(str(tmp_path / name) for name in names))
    assert (status, images, complaint.count("\n")) == (2, [], 1)
    assert not (tmp_path / "state").exists()


def test_run_shows_a_table_of_links_and_serves_until_interrupted(tmp_path):
    options = (f"--state-dir={tmp_path}", *background.FREE_PORTS, str(SAMPLES / "text-11frames.gif"))
    process = run(*options, env={**os.environ, "COLUMNS": "80"})
    try:
        lines = []
        while not lines or not lines[-1].startswith("Ctrl-C"):
            lines.append(process.stdout.readline())
            assert lines[-1], process.stderr.read()
        edge = json.loads((tmp_path / "stack.json").read_text())["outputs"]["CdnUrl"]
        links = [word for line in lines for word in line.split() if word.startswith(edge + "/images")]
        assert len(links) >= 3
        assert content(links[0])
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=15) == 0
    finally:
        process.kill()
    assert not (tmp_path / "stack.json").exists()
