"""The snippets that are generated from docs/openapi.yaml run as they are, in a shell and in Node."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml
from service import Service

from dev.api_reference import DOCUMENT, PAGE, page, snippets
from dev.checks.asl import node
from imageservice_operator.operations.stack import Stack

SNIPPETS = list(snippets(yaml.safe_load(DOCUMENT.read_text())))
# The upload comes first, the deletion last.
PLACES = {"putImage": 0, "deleteImage": 2}
ORDER = sorted(SNIPPETS, key=lambda each: PLACES.get(each.operation, 1))


def test_the_page_is_generated_from_the_document() -> None:
    assert PAGE.read_text() == page(yaml.safe_load(DOCUMENT.read_text())), "run python -m dev.api_reference"


@pytest.fixture(scope="module")
def client(
    stack: Stack, samples: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, str]]:
    """A folder with red.jpg, and the variables that the snippets use."""
    assert stack.file is not None
    folder = tmp_path_factory.mktemp("client")
    (folder / "red.jpg").write_bytes((samples / "landscape-small.jpg").read_bytes())
    variables = {
        "C": stack.outputs["CdnUrl"],
        "A": stack.outputs["ApiUrl"],
        "AWS_REGION": stack.region,
        "AWS_ACCESS_KEY_ID": stack.file.access_key_id,
        "AWS_SECRET_ACCESS_KEY": stack.file.secret_access_key,
    }
    return folder, {**os.environ, **variables, "NODE_DISABLE_COMPILE_CACHE": "1"}


def test_every_snippet_runs_from_the_upload_to_the_deletion(
    service: Service, client: tuple[Path, dict[str, str]]
) -> None:
    folder, variables = client
    for snippet in filter(lambda each: each.curl, ORDER):
        found = subprocess.run(
            ["bash", "-c", snippet.curl],
            cwd=folder,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert found.returncode == 0, f"{snippet.curl}\n{found.stdout}{found.stderr}"
        if snippet.operation == "putImage":
            service.reaches("shoes/red.jpg", "READY")
        if snippet.fetch:
            program = f"const C = process.env.C;\n{snippet.fetch}"
            found = subprocess.run(
                [node(), "--input-type=module", "-e", program],
                cwd=folder,
                env=variables,
                capture_output=True,
                text=True,
                check=False,
            )
            assert found.stdout.startswith("200 "), f"{program}\n{found.stdout}{found.stderr}"
