"""The API's reference, generated from docs/openapi.yaml: `python -m dev.api_reference` writes docs/api.md.

Each operation has its parameters, its answers, and a snippet: a curl command, and for those that read a call of
`fetch`, with the document's own examples. A test runs every snippet (tests/e2e/test_api_reference.py).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import yaml

from dev.checks import ROOT

DOCUMENT = ROOT / "docs" / "openapi.yaml"
PAGE = ROOT / "docs" / "api.md"
_SIGNED = [
    '--aws-sigv4 "aws:amz:$AWS_REGION:execute-api"',
    '--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"',
]
_HEAD = """# The API

Generated from [openapi.yaml](openapi.yaml) by `python -m dev.api_reference`; a test runs each snippet. `C` is the
stack's `CdnUrl`, `A` its `ApiUrl`. An error is `application/problem+json` (RFC 9457): its `detail` is a sentence.
Temporary credentials also need `-H "x-amz-security-token: $AWS_SESSION_TOKEN"`. With a `JwtIssuer`, send
`-H "authorization: Bearer $TOKEN"` instead of the two options that sign.
"""


@dataclass(frozen=True)
class Snippet:
    """One operation as code: `curl` for a shell, `fetch` for a module of JavaScript, empty for calls that write.

    Both are empty for a signed link: the answer that has it has all of it.
    """

    operation: str
    title: str
    reference: str
    curl: str
    fetch: str


def snippets(document: Mapping[str, Any]) -> Iterator[Snippet]:
    """Of each operation, in the document's order."""
    for path, methods in document["paths"].items():
        shared = methods.get("parameters", [])
        for method, operation in methods.items():
            if method != "parameters":
                parameters = [
                    _resolved(document, each) for each in (*shared, *operation.get("parameters", ()))
                ]
                reference = _reference(document, path, method.upper(), operation, parameters)
                yield _snippet(path, method.upper(), operation, parameters, reference)


def page(document: Mapping[str, Any]) -> str:
    """docs/api.md."""
    parts = [_HEAD]
    for each in snippets(document):
        parts.append(f"## {each.title}\n\n{each.reference}")
        if each.curl:
            parts.append(f"```bash\n{each.curl}\n```\n")
        if each.fetch:
            parts.append(f"```js\n{each.fetch}\n```\n")
    return "\n".join(parts)


def _reference(
    document: Mapping[str, Any],
    path: str,
    method: str,
    operation: Mapping[str, Any],
    parameters: list[Mapping[str, Any]],
) -> str:
    """The operation in words: what it does, its parameters and its answers."""
    lines = [f"`{method} {path}` (`{operation['operationId']}`)", ""]
    if "description" in operation:
        lines += [operation["description"].strip(), ""]
    lines += ["| parameter | in | values | meaning |", "|---|---|---|---|"]
    lines += [
        f"| `{each['name']}` | {each['in']} | {_values(each['schema'])} | {_line(each.get('description', ''))} |"
        for each in parameters
    ]
    lines += ["", "| answer | when |", "|---|---|"]
    lines += [
        f"| {status} | {_line(_resolved(document, answer)['description'])} |"
        for status, answer in operation["responses"].items()
    ]
    return "\n".join([*lines, ""])


def _values(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    limits = [
        f"{word} {schema[name]:,}"
        for name, word in (
            ("exclusiveMinimum", "more than"),
            ("maximum", "at most"),
            ("maxLength", "length at most"),
        )
        if name in schema
    ]
    return ", ".join([str(schema.get("type", "")), *limits])


def _line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _snippet(
    path: str,
    method: str,
    operation: Mapping[str, Any],
    parameters: list[Mapping[str, Any]],
    reference: str,
) -> Snippet:
    if any(each["name"] == "signature" for each in parameters):
        return Snippet(operation["operationId"], operation["summary"], reference, "", "")
    examples = {(each["in"], each["name"]): _example(each) for each in parameters}
    for (place, name), value in examples.items():
        if place == "path" and value:
            path = path.replace(f"{{{name}}}", quote(value))
    query = "&".join(
        f"{name}={quote(value, safe='')}"
        for (place, name), value in examples.items()
        if place == "query" and value
    )
    headers = {
        name.lower(): value for (place, name), value in examples.items() if place == "header" and value
    }
    address = path + (f"?{query}" if query else "")
    reads = operation["tags"] == ["read"]
    options = ["curl -fsS", *([] if reads else _SIGNED)]
    options += [f"-H '{name}: {value}'" for name, value in headers.items()]
    options += _options(method, operation)
    curl = " \\\n  ".join([*options, f'"${"C" if reads else "A"}{address}"'])
    fetch = _fetch(method, address, headers) if reads else ""
    return Snippet(operation["operationId"], operation["summary"], reference, curl, fetch)


def _options(method: str, operation: Mapping[str, Any]) -> list[str]:
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        body = _body(content["application/json"])
        return [
            *(["-X PATCH"] if method == "PATCH" else []),
            "-H 'content-type: application/json'",
            f"-d '{json.dumps(body)}'",
        ]
    if content:
        # Not --upload-file: curl signs the body only if it is data.
        return ["-X PUT", f"-H 'content-type: {next(iter(content))}'", "--data-binary @red.jpg"]
    return {"HEAD": ["-I"], "DELETE": ["-X DELETE"]}.get(method, ["-i"])


def _body(content: Mapping[str, Any]) -> Any:
    """The example, or an object of what is required."""
    if "example" in content:
        return content["example"]
    schema = content["schema"]
    required = {name: schema["properties"][name] for name in schema["required"]}
    return {name: each.get("examples", each.get("enum"))[0] for name, each in required.items()}


def _fetch(method: str, address: str, headers: Mapping[str, str]) -> str:
    options: dict[str, Any] = {"method": method} if method != "GET" else {}
    if headers:
        options["headers"] = dict(headers)
    rest = f", {json.dumps(options)}" if options else ""
    request = f"const answer = await fetch(`${{C}}{address}`{rest});"
    return f"{request}\nconsole.log(answer.status, answer.headers.get('content-type'));"


def _example(parameter: Mapping[str, Any]) -> str:
    examples = parameter["schema"].get("examples", [""])
    return str(parameter.get("example", examples[0]))


def _resolved(document: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part itself, or what it refers to: `#/components/parameters/Id`."""
    if "$ref" not in part:
        return part
    *_, kind, name = part["$ref"].split("/")
    found: Mapping[str, Any] = document["components"][kind][name]
    return found


if __name__ == "__main__":
    PAGE.write_text(page(yaml.safe_load(DOCUMENT.read_text())))
