"""A stack is found, or the error says why not."""

from pathlib import Path

import pytest

from imageservice_operator.operations.errors import StackNotFound
from imageservice_operator.operations.stack import Stack


def test_the_error_about_a_stopped_local_stack_says_how_to_start_it(tmp_path: Path) -> None:
    with pytest.raises(StackNotFound, match=r"\./scripts/run"):
        Stack.local(tmp_path)


def test_damaged_description_of_the_local_stack_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "stack.json").write_text("{")
    with pytest.raises(StackNotFound, match="damaged"):
        Stack.local(tmp_path)


def test_output_that_an_older_deployment_lacks_is_named() -> None:
    stack = Stack("images", "us-east-1", {}, lambda _: None)
    with pytest.raises(StackNotFound, match="ReconcileFunctionArn"):
        stack.output("ReconcileFunctionArn")


@pytest.mark.parametrize(
    ("image_id", "path"), [("a b+c%20é/ü.jpg", "a%20b%2Bc%2520%C3%A9/%C3%BC.jpg"), ("x?y#z", "x%3Fy%23z")]
)
def test_link_to_an_image_escapes_its_id(image_id: str, path: str) -> None:
    stack = Stack("images", "us-east-1", {"ApiUrl": "https://api", "CdnUrl": "https://cdn"}, lambda _: None)
    assert stack.image_url(image_id) == f"https://cdn/images/{path}"
