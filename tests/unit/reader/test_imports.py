"""What a cold reader loads: nothing that a hit does not need."""

import subprocess
import sys
from pathlib import Path

import pytest

FUNCTIONS = Path(__file__).parents[3] / "functions"


def loaded(statement: str) -> set[str]:
    """The top-level packages that a new Python has loaded after the statement."""
    program = f"import sys\n{statement}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    environment = {"PYTHONPATH": str(FUNCTIONS)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("package", ["boto3", "botocore", "aws_lambda_powertools", "jsonschema", "PIL"])
def test_the_reader_starts_without(package: str) -> None:
    assert package not in loaded("import reader.handler")


def test_the_reader_needs_no_pillow_at_all() -> None:
    blocked = "sys.modules['PIL'] = None\nimport reader.handler"
    assert "reader" in loaded(blocked)


def test_the_reader_loads_what_signs_links_with_the_first_link() -> None:
    """Redis's client looks whether `cryptography` is there, which loads nothing of it."""
    statements = "import reader.handler\nassert 'cryptography.hazmat' not in sys.modules"
    assert "reader" in loaded(statements)
