"""The stages of the gate: what each runs, what must be set up for it, and how far it yields the CPU to the others.

This imports only the standard library, so that `./scripts/test --help` works before anything is installed.
"""

import sys
from dataclasses import dataclass

from dev.checks import ROOT

BIN = ROOT / ".venv/test/bin"
PYTEST = (str(BIN / "pytest"), *(["--color=yes"] if sys.stdout.isatty() else []))


@dataclass(frozen=True)
class Stage:
    """A command that passes or fails. `needs` are calls of functions of `scripts/environment.sh`."""

    name: str
    about: str
    command: tuple[str, ...]
    needs: tuple[str, ...] = ()
    shows_output: bool = False  # its output is worth reading when it passes, too
    live: bool = False  # it takes minutes: its progress is shown as it comes
    nice: int = 10  # stages that compute yield the CPU to stages that wait
    measured: bool = False  # its coverage counts
    optional: bool = False  # runs only when it is named

    @property
    def is_pytest(self) -> bool:
        return self.command[0] == PYTEST[0]

    def is_called(self, name: str) -> bool:
        """Whether `name` is this stage's own name or that of the folder it is in."""
        return f"{self.name}/".startswith(f"{name}/")


def _tests(
    name: str, about: str, *needs: str, without: str | None = None, nice: int = 10, **more: bool
) -> Stage:
    command = (*PYTEST, f"tests/{name}", *([f"--ignore=tests/{without}"] if without else []))
    return Stage(name, about, command, needs, shows_output=True, nice=nice, **more)


def _tool(name: str, *arguments: str) -> tuple[str, ...]:
    return (str(BIN / name), *arguments)


def _own(module: str) -> tuple[str, ...]:
    return (str(BIN / "python"), "-m", f"dev.checks.{module}")


_STACK = "environment functions local"
_SYNTAX = (
    "for file in $(grep -lr '^#!.*bash' .ci scripts) scripts/environment.sh; do bash -n $file || exit; done"
)

# In the order in which they start: those that take minutes first; those that compute run while others are set up.
STAGES = (
    # Two stages, because the longest one decides when the gate ends.
    _tests(
        "e2e/console",
        "the console in a browser",
        _STACK,
        "browser",
        "environment node",
        live=True,
        nice=0,
    ),
    _tests(
        "e2e",
        "the whole service, from upload to redirect, with the edge",
        _STACK,
        without="e2e/console",
        live=True,
        nice=0,
    ),
    _tests(
        "integration/local_stack",
        "the local stack itself",
        _STACK,
        "environment node",
        live=True,
        nice=5,
    ),
    Stage("types", "mypy, strict", _tool("mypy")),
    _tests("unit", "single modules", "environment uv node", "z_shell", measured=True),
    _tests(
        "integration/operations",
        "failures, replay, removal, reprocessing",
        _STACK,
        live=True,
        nice=5,
        measured=True,
    ),
    _tests(
        "integration/read_path", "the reader, its caches, outages", _STACK, live=True, nice=5, measured=True
    ),
    _tests(
        "integration/workflows",
        "the workflows' definitions and functions, in every order and under fault",
        _STACK,
        "environment node",
        measured=True,
    ),
    Stage(
        "artifacts",
        "builds every function; checks its size and imports",
        _own("artifacts"),
        ("environment sam",),
        shows_output=True,
    ),
    Stage(
        "template",
        "sam validate and cfn-lint",
        (str(ROOT / ".venv/sam/bin/sam"), "validate", "--lint"),
        ("environment sam",),
    ),
    Stage(
        "security",
        "checkov on the template",
        _own("checkov"),
        ("environment checkov",),
        shows_output=True,
    ),
    Stage(
        "secrets",
        "detect-secrets on every file",
        _own("secrets"),
        ("environment checkov",),
    ),
    _tests(
        "contract",
        "template, state machines, code and locks agree",
        "environment node sam",
        measured=True,
    ),
    Stage("machines", "asl-validator on every state machine", _own("asl"), ("environment node",)),
    Stage("format", "ruff format", _tool("ruff", "format", "--check", "--output-format=concise")),
    Stage("lint", "ruff check", _tool("ruff", "check", "--quiet", "--output-format=concise")),
    Stage("imports", "import-linter", _tool("lint-imports", "--no-logo", "--no-cache")),
    Stage(
        "shell",
        "the scripts' syntax",
        ("bash", "-c", _SYNTAX),
    ),
    _tests(
        "soak",
        "failing calls, mutated files, hostile files, a cluster that fails over; takes an hour",
        _STACK,
        live=True,
        optional=True,
    ),
)
