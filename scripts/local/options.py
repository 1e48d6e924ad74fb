"""The options of the command line that `serve` and `run` share."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DEFAULT_PORT = 4566
DEFAULT_REDIS_PORT = 6379
DEFAULT_CONSOLE_PORT = 4580
DEFAULT_EDGE_PORT = 4570
DEFAULT_WORKERS = 8  # a size for each processor, and other functions stay warm
REPOSITORY = Path(__file__).resolve().parents[2]
HIGHEST_PORT = 65535


class UnusableOption(Exception):
    """An option's value is not valid; the message names the option and says why, in one line."""


@dataclass(frozen=True)
class Options:
    """Where the stack runs and what it runs. Ports: 0 picks a free one."""

    port: int
    redis_port: int
    console_port: int
    edge_port: int
    auth: bool
    state_dir: Path
    template: Path
    parameters: dict[str, str]
    max_workers: int
    cache: str
    redis_url: str | None
    functions_python: Path
    versions: bool = False
    stack_name: str = "local"
    region: str = "us-east-1"
    given: tuple[str, ...] = ()
    """The options of a new stack that were given, as they are typed: those whose values are not the defaults."""


def add_to(parser: argparse.ArgumentParser) -> None:
    """Declare the options on `parser`."""
    add = parser.add_argument
    add("--port", type=int, default=DEFAULT_PORT, help="AWS endpoint (default %(default)s; 0: a free one)")
    add(
        "--redis-port",
        type=int,
        default=DEFAULT_REDIS_PORT,
        help="Redis (default %(default)s; 0: a free one)",
    )
    add(
        "--console-port",
        type=int,
        default=DEFAULT_CONSOLE_PORT,
        help="console (default %(default)s; 0: a free one)",
    )
    add(
        "--edge-port",
        type=int,
        default=DEFAULT_EDGE_PORT,
        help="CloudFront's edge (default %(default)s; 0: a free one)",
    )
    add(
        "--cache",
        choices=("redis", "cluster", "none"),
        default="redis",
        help="what readers are served from: a Redis on this machine; a Valkey cluster of three masters, each with a"
        " replica, with TLS and users; or the table alone (default %(default)s)",
    )
    add("--redis-url", help="use this Redis or Valkey instead of starting one")
    add(
        "--auth",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="enforce the template's IAM on functions and state machines (default: yes)",
    )
    add_deployed_to(parser)
    add(
        "--max-workers",
        type=int,
        default=DEFAULT_WORKERS,
        help="the most worker processes (default %(default)s)",
    )
    add(
        "--functions-python",
        type=Path,
        default=REPOSITORY / ".venv" / "functions" / "bin" / "python",
        help="the Python that functions run in (default: .venv/functions)",
    )


def add_deployed_to(parser: argparse.ArgumentParser) -> None:
    """Declare the options that say what is deployed, and to which local stack."""
    add = parser.add_argument
    add(
        "--versions",
        action="store_true",
        help="workflows and the API call published versions of functions, as on AWS; otherwise, a change to a function"
        " takes effect at once",
    )
    add("--state-dir", type=Path, default=REPOSITORY / ".local", help="stack.json, logs (default: .local)")
    add(
        "--template",
        type=Path,
        default=REPOSITORY / "template.yaml",
        help="SAM template (default: the service's)",
    )
    add(
        "--parameter",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="template parameter; repeatable",
    )


def parameters(arguments: argparse.Namespace) -> dict[str, str]:
    """The template's parameters that were given. Raises UnusableOption, and BrokenTemplate."""
    if not arguments.template.is_file():
        raise UnusableOption(f"--template: no such file: {arguments.template}")
    return _parameters(arguments.parameter, arguments.template)


def from_arguments(arguments: argparse.Namespace) -> Options:
    """The given options. Raises UnusableOption, and BrokenTemplate if there are parameters for a broken template."""
    for option in ("port", "redis_port", "console_port", "edge_port"):
        if not 0 <= getattr(arguments, option) <= HIGHEST_PORT:
            name = option.replace("_", "-")
            raise UnusableOption(
                f"--{name} {getattr(arguments, option)}: a port must be from 0 to {HIGHEST_PORT}"
            )
    if arguments.max_workers < 1:
        raise UnusableOption("--max-workers: must be at least 1")
    if arguments.cache != "redis" and arguments.redis_url:
        raise UnusableOption(f"--redis-url: --cache {arguments.cache} does not use it")
    if not arguments.functions_python.exists():
        raise UnusableOption(f"no {arguments.functions_python}: ./scripts/run sets it up")
    given = parameters(arguments)
    for name in given.keys() & {"Cache", "CacheUrl", "CacheSecretArn"}:
        raise UnusableOption(f"--parameter {name}: use --cache or --redis-url, which set it for this machine")
    return Options(
        port=arguments.port,
        redis_port=arguments.redis_port,
        console_port=arguments.console_port,
        edge_port=arguments.edge_port,
        auth=arguments.auth,
        state_dir=arguments.state_dir.resolve(),
        template=arguments.template.resolve(),
        parameters=given,
        max_workers=arguments.max_workers,
        cache=arguments.cache,
        redis_url=arguments.redis_url,
        # Not resolved: a virtual environment's python is a link, and the Python that it links to has no packages.
        functions_python=arguments.functions_python.absolute(),
        versions=arguments.versions,
        given=tuple(_given(arguments)),
    )


def _given(arguments: argparse.Namespace) -> Iterator[str]:
    parser = argparse.ArgumentParser()
    add_to(parser)
    for name, default in vars(parser.parse_args([])).items():
        value = getattr(arguments, name)
        if value != default and name != "state_dir":
            yield f"--{'no-' if value is False else ''}{name.replace('_', '-')}"


def _parameters(given: list[str], template: Path) -> dict[str, str]:
    from local.deployment import source

    parameters = {}
    for setting in given:
        name, equals, value = setting.partition("=")
        if not equals:
            raise UnusableOption(f"--parameter {setting}: expected NAME=VALUE")
        parameters[name] = value
    if parameters:
        declared = source.read(template).get("Parameters") or {}
        for name in parameters:
            if name not in declared:
                known = ", ".join(sorted(declared)) or "none"
                raise UnusableOption(f"--parameter {name}: not a parameter of {template} (it has: {known})")
    return parameters
