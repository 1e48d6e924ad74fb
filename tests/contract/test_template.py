"""The template, the functions' folders and the settings agree."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dev.checks import ROOT
from dev.checks.template import functions, template
from imageservice.adapters.settings import Settings

FUNCTIONS = ROOT / "functions"
# Variables that libraries and the runtime read; Settings reads all others.
READ_BY_OTHERS = {
    "POWERTOOLS_SERVICE_NAME",
    "POWERTOOLS_METRICS_NAMESPACE",
    "LOG_LEVEL",
    "MALLOC_MMAP_THRESHOLD_",
    "MALLOC_TRIM_THRESHOLD_",
    "CONFIGURATION",  # only so that a version differs from the last one
    "OPENBLAS_NUM_THREADS",
}
DERIVED = {
    "cache": {
        "CACHE_URL",
        "CACHE_PREFIX",
        "CACHE_USER",
        "CACHE_PASSWORD",
        "CACHE_IAM_NAME",
        "CACHE_IAM_SERVERLESS",
    },
    "limits": {"MAX_BYTES", "MAX_PIXELS", "MAX_FRAME_PIXELS", "MAX_ASPECT", "MAX_DECODE_SECONDS"},
}

each_function = pytest.mark.parametrize("name", sorted(functions()))


def folder_of(name: str) -> Path:
    return FUNCTIONS / functions()[name]["Handler"].split(".")[0]


def own_variables(name: str) -> set[str]:
    return functions()[name].get("Environment", {}).get("Variables", {}).keys() - READ_BY_OTHERS


def settings_read_in(folder: Path) -> set[str]:
    """The variables of the settings that a function's own code takes from `settings()` or a `Settings`."""
    fields = Settings.__dataclass_fields__.keys()
    read: set[str] = set()
    for file in folder.rglob("*.py"):
        tree = ast.parse(file.read_text())
        named = {"settings()"} | {
            target.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and ast.unparse(node.value) == "settings()"
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        named |= {
            node.arg
            for node in ast.walk(tree)
            if isinstance(node, ast.arg) and node.annotation and "Settings" in ast.unparse(node.annotation)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) in named:
                read |= DERIVED.get(node.attr, {node.attr.upper()} if node.attr in fields else set())
    return read


@each_function
def test_handler_is_a_function_in_the_functions_own_folder(name: str) -> None:
    module, _, function = functions()[name]["Handler"].rpartition(".")
    tree = ast.parse((FUNCTIONS / f"{module.replace('.', '/')}.py").read_text())
    assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@each_function
def test_folder_is_named_as_the_makefile_derives_it(name: str) -> None:
    snake_case = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name.removesuffix("Function")).lower()
    assert folder_of(name).name == snake_case


def test_every_folder_of_a_function_is_deployed() -> None:
    folders = {handler.parent.name for handler in FUNCTIONS.glob("*/handler.py")}
    assert folders == {folder_of(name).name for name in functions()}


@each_function
def test_functions_environment_is_what_its_code_reads(name: str) -> None:
    assert own_variables(name) == settings_read_in(folder_of(name))


def test_only_settings_reads_what_the_template_sets() -> None:
    read_elsewhere = {
        f"{file.relative_to(FUNCTIONS)}: {name}"
        for file in FUNCTIONS.rglob("*.py")
        if file.name != "settings.py"
        for name in re.findall(r"\b(?:environ(?:\.get\(|\[)|getenv\()\s*[\"'](\w+)", file.read_text())
        if not name.startswith("AWS_") and name not in READ_BY_OTHERS
    }
    assert read_elsewhere == set()


@each_function
def test_functions_are_built_by_the_makefile_for_python_on_arm(name: str) -> None:
    resource = template()["Resources"][name]
    built = functions()[name]
    assert resource["Metadata"]["BuildMethod"] == "makefile"
    assert (built["CodeUri"], built["Runtime"], built["Architectures"]) == (
        "functions/",
        "python3.13",
        ["arm64"],
    )


def test_makefile_keeps_the_descriptions_of_the_services_that_are_called() -> None:
    kept = re.search(r"^SERVICES := (.*)$", (FUNCTIONS / "Makefile").read_text(), re.MULTILINE)
    called = {
        name
        for file in FUNCTIONS.rglob("*.py")
        for name in re.findall(r"\bclient\(\s*\"([a-z0-9-]+)\"", file.read_text())
    }
    assert kept
    assert called
    assert called <= set(kept[1].split())


def test_outputs_are_those_that_clients_were_promised() -> None:
    promised = (
        "SourceBucketName ProcessedBucketName ImageTableName ProcessImageArn RemoveImageArn ReprocessImagesArn "
        "ApiUrl CdnUrl DistributionId"
    )
    assert template()["Outputs"].keys() >= set(promised.split())


def test_every_parameter_is_used_and_described() -> None:
    text = json.dumps({part: template()[part] for part in ("Conditions", "Globals", "Resources", "Outputs")})
    for name, parameter in template()["Parameters"].items():
        assert f'{{"Ref": "{name}"}}' in text or f"${{{name}}}" in text, name
        assert parameter.get("Description"), name


def test_limits_of_the_template_are_those_of_the_code() -> None:
    parameters, default = template()["Parameters"], Settings()
    assert (
        parameters["MaxBytes"]["Default"],
        parameters["MaxPixels"]["Default"],
        parameters["MaxFramePixels"]["Default"],
        parameters["MaxAspect"]["Default"],
        parameters["MaxDecodeSeconds"]["Default"],
    ) == (
        default.max_bytes,
        default.max_pixels,
        default.max_frame_pixels,
        default.max_aspect,
        default.max_decode_seconds,
    )


def schemas() -> list[Path]:
    return sorted(FUNCTIONS.rglob("*.schema.json"))


@pytest.mark.parametrize("path", schemas(), ids=lambda path: path.name)
def test_schema_is_a_json_schema(path: Path) -> None:
    schema: dict[str, Any] = json.loads(path.read_text())
    jsonschema.validators.validator_for(schema).check_schema(schema)
    assert schema["$schema"].endswith("2020-12/schema")


def test_packaged_plan_fits_its_schema() -> None:
    plan = json.loads((FUNCTIONS / "imageservice/core/rendition_plan.json").read_text())
    schema = json.loads((FUNCTIONS / "imageservice/core/rendition_plan.schema.json").read_text())
    jsonschema.validate(plan, schema)
