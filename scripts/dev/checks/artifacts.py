"""Builds every function as for AWS and as for this host, and checks what is in them: `python -m dev.checks.artifacts`.

For AWS: `sam build`, without Docker; each artifact stays below Lambda's limit and holds nothing that another function
needs alone. For this host: each handler is imported with nothing but its artifact and the standard library.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dev.checks import ROOT
from dev.checks.template import functions

FUNCTIONS = ROOT / "functions"
# docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: unzipped, with all layers
LIMIT_MB = 250
# What a function must not carry: the reader starts fast, and only what decodes images loads a decoder.
UNWANTED = {
    "ReaderFunction": ("PIL", "pillow_heif", "jsonschema"),
    "ResizeFunction": ("redis", "hiredis"),
    "InspectOriginalFunction": ("redis", "hiredis"),
    "RefreshCacheFunction": ("PIL", "pillow_heif"),
}
IMPORT = """
import importlib, sys
sys.path.insert(0, sys.argv[1])
getattr(importlib.import_module(sys.argv[2].rpartition(".")[0]), sys.argv[2].rpartition(".")[2])
"""


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        for_aws, for_host = Path(folder, "aws"), Path(folder, "host")
        problems = sam_build(for_aws)
        if not problems:
            problems = [
                problem for name in sorted(functions()) for problem in check_contents(name, for_aws / name)
            ]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for found in pool.map(lambda alike: check_imports(alike, for_host / alike[0]), functions_alike()):
                problems += found
    for problem in problems:
        print(f"✗ {problem}")
    return 1 if problems else 0


def folder_of(name: str) -> Path:
    handler: str = functions()[name]["Handler"]
    return FUNCTIONS / handler.partition(".")[0]


def functions_alike() -> list[list[str]]:
    """The functions in groups that ship the same packages: one build for this host serves each group."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name in functions():
        groups[(folder_of(name) / "requirements.txt").read_text()].append(name)
    return list(groups.values())


def sam_build(target: Path) -> list[str]:
    command = [str(ROOT / ".venv/sam/bin/sam"), "build", "--parallel", "--build-dir", str(target)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return [f"sam build: {built.stderr[-3000:]}"] if built.returncode else []


def check_contents(name: str, artifact: Path) -> list[str]:
    size = sum(file.stat().st_size for file in artifact.rglob("*") if file.is_file()) / 1e6
    print(f"{name:28}{size:8.1f} MB")
    problems = [f"{name} has {size:.0f} MB unzipped; Lambda takes {LIMIT_MB}"] if size >= LIMIT_MB else []
    folders = {path.name for path in artifact.iterdir()}
    return problems + [
        f"{name} carries {package}" for package in UNWANTED.get(name, ()) if package in folders
    ]


def check_imports(alike: list[str], artifact: Path) -> list[str]:
    """Builds the first of the functions for this host, puts the others' code beside it, and imports each handler."""
    # Without bytecode, which takes longer to make than one import can save.
    made_for = [
        f"ARCHITECTURE={platform.machine()}",
        "PYTHON_VERSION={}.{}".format(*sys.version_info),
        "COMPILER=",
    ]
    command = ["make", "--silent", f"build-{alike[0]}", f"ARTIFACTS_DIR={artifact}", *made_for]
    built = subprocess.run(command, cwd=FUNCTIONS, capture_output=True, text=True, check=False)
    if built.returncode:
        return [f"{alike[0]} can't be built for this host: {built.stderr[-2000:]}"]
    problems = []
    for name in alike:
        shutil.copytree(folder_of(name), artifact / folder_of(name).name, dirs_exist_ok=True)
        handler = functions()[name]["Handler"]
        command = [sys.executable, "-I", "-S", "-c", IMPORT, str(artifact), handler]
        imported = subprocess.run(command, capture_output=True, text=True, check=False)
        if imported.returncode:
            problems.append(f"{name}'s artifact can't import {handler}: {imported.stderr[-2000:]}")
    return problems


if __name__ == "__main__":
    sys.exit(main())
