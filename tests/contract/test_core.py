"""imageservice.core is pure: it imports only itself and the standard library, and nothing that does input or output."""

import ast
import sys
from pathlib import Path

import pytest

CORE = Path(__file__).parents[2] / "functions" / "imageservice" / "core"
MODULES = sorted(CORE.glob("*.py"))
# Of the standard library, what reaches files, processes, the network or the environment.
IMPURE = {"os", "io", "pathlib", "subprocess", "socket", "shutil", "tempfile", "threading", "time", "random"}


def imports(source: str) -> list[str]:
    """The full names of all modules that the source imports, at the top or within functions."""
    names = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module or ".")
    return names


def foreign(source: str) -> list[str]:
    return [
        name
        for name in imports(source)
        if name.partition(".")[0] not in sys.stdlib_module_names - IMPURE
        and not name.startswith("imageservice.core.")
    ]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_core_module_imports_the_standard_library_and_core_alone(module: Path) -> None:
    assert foreign(module.read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        "import jsonschema",
        "def late():\n    import boto3",
        "from imageservice.adapters import settings",
        "from . import keys",
        "import os",
    ],
)
def test_a_foreign_import_is_found_wherever_it_stands(source: str) -> None:
    assert len(foreign(source)) == 1


def test_there_are_modules_to_look_at() -> None:
    assert len(MODULES) > 10
