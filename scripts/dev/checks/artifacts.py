"""Builds every function as for AWS, and checks what is in it: `python -m dev.checks.artifacts`.

`sam build`, without Docker, makes the artifacts. Each stays below Lambda's limit, holds nothing that only another
function needs, and ships nothing that its license forbids (dev.checks.licenses). Each has all that its handler imports:
the handler is imported with nothing but its artifact and the standard library. Wheels compiled for Lambda's processor
are replaced by the same versions for this one.
"""

import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dev.checks import ROOT, licenses
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
UV = "source scripts/environment.sh; source scripts/dev/environments/uv.sh; uv pip install"
IMPORT = """
import importlib, sys
sys.path[:0] = sys.argv[2:]
module, _, name = sys.argv[1].rpartition(".")
getattr(importlib.import_module(module), name)
"""


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        artifacts, wheels = Path(folder, "artifacts"), Path(folder, "wheels")
        problems = sam_build(artifacts)
        if not problems:
            names = sorted(functions())
            problems = [problem for name in names for problem in check_contents(name, artifacts / name)]
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                for found in pool.map(
                    lambda name: check_import(name, artifacts / name, wheels / name), names
                ):
                    problems += found
    for problem in problems:
        print(f"✗ {problem}")
    return 1 if problems else 0


def sam_build(target: Path) -> list[str]:
    command = [str(ROOT / ".venv/sam/bin/sam"), "build", "--parallel", "--build-dir", str(target)]
    # The Makefile looks for a Python with pip, which the system's may lack; the one in uv's environment has it.
    environment = {**os.environ, "PATH": f"{ROOT / '.venv/uv/bin'}{os.pathsep}{os.environ['PATH']}"}
    built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return [f"sam build: {built.stderr[-3000:]}"] if built.returncode else []


def check_contents(name: str, artifact: Path) -> list[str]:
    size = sum(file.stat().st_size for file in artifact.rglob("*") if file.is_file()) / 1e6
    print(f"{name:28}{size:8.1f} MB")
    problems = (
        [f"{name} has {size:.0f} MB unzipped; Lambda's limit is {LIMIT_MB}"] if size >= LIMIT_MB else []
    )
    folders = {path.name for path in artifact.iterdir()}
    problems += [f"{name}: {problem}" for problem in licenses.problems(artifact)]
    return problems + [
        f"{name} contains {package}, which it must not"
        for package in UNWANTED.get(name, ())
        if package in folders
    ]


def check_import(name: str, artifact: Path, wheels: Path) -> list[str]:
    """Imports the function's handler; `wheels` gets this machine's versions of what is compiled in the artifact."""
    handler: str = functions()[name]["Handler"]
    lock = FUNCTIONS / handler.partition(".")[0] / "requirements.txt"
    compiled = compiled_packages(artifact)
    pins = [pin for pin in re.split(r"\n(?! )", lock.read_text()) if re.split(r"[=\[]", pin)[0] in compiled]
    wheels.mkdir(parents=True)
    subset = wheels / "requirements.txt"
    subset.write_text("\n".join(pins))
    options = [
        "--quiet",
        "--no-deps",
        "--require-hashes",
        "--python",
        sys.executable,
        "--target",
        str(wheels),
    ]
    command = ["bash", "-c", f'{UV} "$@"', "uv", *options, "--requirement", str(subset)]
    installed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if installed.returncode:
        return [f"{name}: {' '.join(compiled)} can't be installed here: {installed.stderr[-2000:]}"]
    command = [sys.executable, "-I", "-S", "-c", IMPORT, handler, str(wheels), str(artifact)]
    imported = subprocess.run(command, capture_output=True, text=True, check=False)
    return (
        [f"{name}'s artifact can't import {handler}: {imported.stderr[-2000:]}"]
        if imported.returncode
        else []
    )


def compiled_packages(artifact: Path) -> set[str]:
    """The normalized names of the packages that hold code for one processor, as their wheels say."""
    return {
        re.sub(r"[-_.]+", "-", wheel.parent.name.partition("-")[0]).lower()
        for wheel in artifact.glob("*.dist-info/WHEEL")
        if "Root-Is-Purelib: false" in wheel.read_text()
    }


if __name__ == "__main__":
    sys.exit(main())
