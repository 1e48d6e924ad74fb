"""A client's first calls, generated from docs/openapi.yaml: `python -m dev.snippets` writes docs/snippets.md.

Each operation is a curl command, and each that reads a call of `fetch`, with the document's own examples. A test runs
them all (tests/e2e/test_snippets.py).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import yaml

from dev.checks import ROOT

DOCUMENT = ROOT / "docs" / "openapi.yaml"
PAGE = ROOT / "docs" / "snippets.md"
_SIGNED = [
    '--aws-sigv4 "aws:amz:$AWS_REGION:execute-api"',
    '--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"',
]
_HEAD = """# Snippets

Generated from [openapi.yaml](openapi.yaml) by `python -m dev.snippets`; a test runs each of them. `C` is the stack's
`CdnUrl`, `A` its `ApiUrl`. Temporary credentials also need `-H "x-amz-security-token: $AWS_SESSION_TOKEN"`. With a
`JwtIssuer`, send `-H "authorization: Bearer $TOKEN"` instead of the two options that sign.
"""


@dataclass(frozen=True)
class Snippet:
    """One operation as code: `curl` for a shell, `fetch` for a module of JavaScript, empty for calls that write."""

    operation: str
    title: str
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
                yield _snippet(path, method.upper(), operation, parameters)


def page(document: Mapping[str, Any]) -> str:
    """docs/snippets.md."""
    parts = [_HEAD]
    for each in snippets(document):
        parts.append(f"## {each.title} (`{each.operation}`)\n\n```bash\n{each.curl}\n```\n")
        if each.fetch:
            parts.append(f"```js\n{each.fetch}\n```\n")
    return "\n".join(parts)


def _snippet(
    path: str, method: str, operation: Mapping[str, Any], parameters: list[Mapping[str, Any]]
) -> Snippet:
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
    return Snippet(operation["operationId"], operation["summary"], curl, fetch)


def _options(method: str, operation: Mapping[str, Any]) -> list[str]:
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        properties = content["application/json"]["schema"]["properties"]
        body = {name: schema.get("examples", schema.get("enum"))[0] for name, schema in properties.items()}
        return ["-H 'content-type: application/json'", f"-d '{json.dumps(body)}'"]
    if content:
        # Not --upload-file: curl signs the body only if it is data.
        return ["-X PUT", f"-H 'content-type: {next(iter(content))}'", "--data-binary @red.jpg"]
    return {"HEAD": ["-I"], "DELETE": ["-X DELETE"]}.get(method, ["-i"])


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


def _resolved(document: Mapping[str, Any], parameter: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in parameter:
        return parameter
    found: Mapping[str, Any] = document["components"]["parameters"][parameter["$ref"].rpartition("/")[2]]
    return found


if __name__ == "__main__":
    PAGE.write_text(page(yaml.safe_load(DOCUMENT.read_text())))
