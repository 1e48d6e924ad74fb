"""Finds variables that a state reads, but some path to it never assigns: Step Functions reports this only at run time.

`Assign` is visible from the next state on, in the same scope and in those inside it; what a Map's or Parallel's inner
states assign is not seen outside. Source: docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
"""

import re
from collections.abc import Iterator
from typing import Any

from dev.checks.machines import inner_scopes, ways_on

# docs.jsonata.org, "Function library", and what Step Functions adds to it ($eval is not there).
FUNCTIONS = set(
    """string length substring substringBefore substringAfter uppercase lowercase trim pad contains split join match
    replace base64encode base64decode encodeUrlComponent encodeUrl decodeUrlComponent decodeUrl number abs floor ceil
    round power sqrt random formatNumber formatBase formatInteger parseInteger sum max min average boolean not exists
    count append sort reverse shuffle distinct zip keys lookup spread merge each error assert type now millis
    fromMillis toMillis map filter single reduce sift partition range hash uuid parse""".split()
)
NOT_CODE = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|`[^`]*`|/\*.*?\*/", re.DOTALL)


def undefined_variables(
    scope: dict[str, Any], path: str, known: frozenset[str] = frozenset()
) -> Iterator[str]:
    """Yields, for each state of `scope` and of the scopes in it, what it reads that may not be assigned."""
    entering = _assigned_on_every_way(scope, known)
    for name, body in scope["States"].items():
        if name not in entering:
            continue  # no path leads there: asl-validator reports that
        for variable in sorted(_read_by(body) - entering[name]):
            yield f"{path} / {name}: ${variable} is not assigned on every way there"
        for inner in inner_scopes(body):
            yield from undefined_variables(inner, f"{path} / {name}", entering[name])


def _assigned_on_every_way(scope: dict[str, Any], known: frozenset[str]) -> dict[str, frozenset[str]]:
    entering = {scope["StartAt"]: known}
    waiting = [scope["StartAt"]]
    while waiting:
        name = waiting.pop()
        for following, part in ways_on(scope["States"][name]):
            leaving = entering[name] | part.get("Assign", {}).keys()
            common = entering.get(following, leaving) & leaving
            if entering.get(following) != common:
                entering[following] = common
                waiting.append(following)
    return entering


def _read_by(body: dict[str, Any]) -> set[str]:
    return {name for text in expressions(body) for name in free_variables(text)}


def expressions(value: Any) -> Iterator[str]:
    """The JSONata in a state's fields, without that of its inner states."""
    if isinstance(value, str) and value.startswith("{%"):
        yield value.removeprefix("{%").removesuffix("%}")
    elif isinstance(value, dict):
        for key, part in value.items():
            if key not in ("ItemProcessor", "Branches"):
                yield from expressions(part)
    elif isinstance(value, list):
        for part in value:
            yield from expressions(part)


def free_variables(expression: str) -> set[str]:
    """The variables that the expression takes from outside: not its own, not functions, not `$states`."""
    code = NOT_CODE.sub(" ", expression)
    own = set(re.findall(r"\$(\w+)\s*:=|[@#]\s*\$(\w+)", code))
    bound = {name for names in own for name in names}
    for parameters in re.findall(r"(?:function|λ)\s*\(([^)]*)\)", code):
        bound.update(re.findall(r"\$(\w+)", parameters))
    return set(re.findall(r"\$([A-Za-z_]\w*)", code)) - bound - FUNCTIONS - {"states"}
