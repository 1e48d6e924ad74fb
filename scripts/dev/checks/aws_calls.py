"""The AWS calls that a function's code can make, found in its source.

From the handler on, this follows every name that reachable code uses to the functions and classes of the modules that
the function imports. A method counts when its class is used and an attribute of its name is, or when a library may call
it because its class derives from one of the library. So the answer may have a call too many, but none too few, as long
as clients' methods are called by name.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import botocore.session
from botocore import xform_name

from dev.checks import ROOT

FUNCTIONS = ROOT / "functions"
SERVICES = ("cloudfront", "dynamodb", "events", "lambda", "s3", "sns", "stepfunctions")
# What signs without a client, with the call that the signature is for.
SIGNERS = {
    "generate_presigned_post": "s3:PutObject",
    "presigned_link": "s3:GetObject (presigned)",
    "ItemReader": "dynamodb:GetItem",
    "elasticache_token": "elasticache:Connect",
}


@cache
def operations() -> dict[str, list[str]]:
    """`service:Operation` by the name of the client's method; a few names are methods of several clients."""
    found: dict[str, list[str]] = {}
    for service in SERVICES:
        for name in botocore.session.get_session().get_service_model(service).operation_names:
            found.setdefault(xform_name(name), []).append(f"{service}:{name}")
    return found


@dataclass
class _Definition:
    """A function, a method, or what a module or class does when it is loaded: the names and the calls in it."""

    names: set[str]
    attributes: set[str]
    calls: set[str]


@dataclass
class _Class:
    bases: set[str]
    loaded: _Definition
    methods: dict[str, _Definition]


@dataclass
class _Module:
    loaded: _Definition
    functions: dict[str, _Definition] = field(default_factory=dict)
    classes: dict[str, _Class] = field(default_factory=dict)
    imports: set[str] = field(default_factory=set)


def calls_of(folder: str) -> set[str]:
    """`service:Operation` of each call that the handler in this folder of `functions/` can make."""
    modules = _imported(f"{folder}.handler")
    own_classes = {name for module in modules for name in module.classes}
    used = _Definition({"handler"}, set(), set())
    size = -1
    while size != (size := len(used.names) + len(used.attributes)):
        for definition in list(_reachable(modules, own_classes, used)):
            used.names |= definition.names
            used.attributes |= definition.attributes
            used.calls |= definition.calls
    return used.calls


def _reachable(modules: list[_Module], own_classes: set[str], used: _Definition) -> Iterator[_Definition]:
    mentioned = used.names | used.attributes
    for module in modules:
        yield module.loaded
        yield from (function for name, function in module.functions.items() if name in mentioned)
        for name, class_ in module.classes.items():
            if name not in mentioned:
                continue
            yield class_.loaded
            derived = not class_.bases <= own_classes
            for method, definition in class_.methods.items():
                if derived or method in used.attributes or method.startswith("__"):
                    yield definition


def _imported(name: str) -> list[_Module]:
    """The module and all of the repository's that it imports, directly or not."""
    found: dict[str, _Module] = {}
    waiting = [name]
    while waiting:
        name = waiting.pop()
        path = _path(name)
        if name in found or path is None:
            continue
        found[name] = _module(path)
        waiting += found[name].imports
    return list(found.values())


def _path(name: str) -> Path | None:
    base = FUNCTIONS / name.replace(".", "/")
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)


@cache
def _module(path: Path) -> _Module:
    tree = ast.parse(path.read_text())
    module = _Module(_definition([node for node in tree.body if not _is_definition(node)]))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            module.imports |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            module.imports |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            module.functions[node.name] = _definition([node])
        elif isinstance(node, ast.ClassDef):
            methods = {
                each.name: _definition([each]) for each in node.body if isinstance(each, ast.FunctionDef)
            }
            others = [each for each in node.body if not isinstance(each, ast.FunctionDef)]
            bases = {ast.unparse(base) for base in node.bases}
            module.classes[node.name] = _Class(bases, _definition([*others, *node.bases]), methods)
    return module


def _is_definition(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom)


def _definition(body: list[ast.stmt | ast.expr]) -> _Definition:
    nodes = [node for part in body for node in ast.walk(part)]
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    calls = {SIGNERS[name] for name in (names | attributes) & SIGNERS.keys()}
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            method = node.func.attr
            if method == "get_paginator" and isinstance(node.args[0], ast.Constant):
                method = str(node.args[0].value)
            if method in operations():
                calls.add(" or ".join(operations()[method]))
    return _Definition(names, attributes, calls)
