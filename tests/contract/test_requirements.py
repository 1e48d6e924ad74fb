"""Each function ships the packages that its code imports, and no other: a cold start unpacks them all."""

import re
import sys
from functools import cache
from pathlib import Path

import grimp
import pytest

from dev.checks import ROOT

FUNCTIONS = ROOT / "functions"
NAMES = sorted(handler.parent.name for handler in FUNCTIONS.glob("*/handler.py"))
IMPORTED_AS = {
    "Pillow": "PIL",
    "pillow-heif": "pillow_heif",
    "aws-lambda-powertools": "aws_lambda_powertools",
}
# boto3 depends on botocore; redis is faster with hiredis, and finds it by itself.
UNNAMED = {"botocore", "hiredis"}
# Imported inside a function that is never called there: an inspection reads headers and decodes no pixels.
NEVER_REACHED = {"inspect_original": {"numpy", "pillow_heif", "simplejpeg"}}

each_function = pytest.mark.parametrize("name", NAMES)


@cache
def imports() -> grimp.ImportGraph:
    """Which module imports what at run time; imports for the type checker are left out."""
    return grimp.build_graph(
        "imageservice",
        *NAMES,
        include_external_packages=True,
        exclude_type_checking_imports=True,
        cache_dir=None,
    )


def imported(name: str) -> set[str]:
    """The packages from outside that a function's modules, and those they import, name."""
    reached = {module.split(".")[0] for module in imports().find_upstream_modules(name, as_package=True)}
    return reached - {"imageservice", *NAMES} - sys.stdlib_module_names - NEVER_REACHED.get(name, set())


def asked_for(path: Path) -> set[str]:
    return set(re.findall(r"^([A-Za-z0-9][\w.-]*)", path.read_text(), re.MULTILINE))


@each_function
def test_function_ships_what_it_imports_and_nothing_else(name: str) -> None:
    shipped = {
        IMPORTED_AS.get(package, package) for package in asked_for(FUNCTIONS / name / "requirements.in")
    }
    assert shipped - UNNAMED == imported(name) - UNNAMED


def test_local_workers_have_the_requirements_of_every_function() -> None:
    listed = re.findall(
        r"^-r (\S+)", (ROOT / "scripts/dev/environments/functions.in").read_text(), re.MULTILINE
    )
    assert {Path(path).parent.name for path in listed} >= set(NAMES)
