"""plan check: a file that is no plan is a usage error with the place; a plan shows its rules and widths."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from imageservice_operator.cli.__main__ import images
from imageservice_operator.operations.plan import MAX_BYTES

PLAN = {"formats": ["fallback"], "sizes": [{"name": "w320", "width": 320}]}


def check(folder: Path, content: bytes, *options: str) -> Result:
    file = folder / "plan.json"
    file.write_bytes(content)
    # No stack runs in this folder, and none is needed.
    return CliRunner().invoke(images, ["plan", "check", str(file), "--state-dir", str(folder), *options])


def written(document: Any) -> bytes:
    return json.dumps(document).encode()


def with_rules(number: int) -> dict[str, Any]:
    return {"default": PLAN, "rules": [{"prefix": f"{place:05}/"} for place in range(number)]}


def test_a_plan_shows_its_rules_its_bytes_and_the_widths_for_the_edge(tmp_path: Path) -> None:
    rule = {
        "prefix": "é/",
        "sizes": [{"name": "s", "width": 64, "height": 64, "fit": "cover", "gravity": "top"}],
    }
    content = b"\xef\xbb\xbf" + written({"default": PLAN, "rules": [rule]})
    (said,) = map(json.loads, check(tmp_path, content, "--json").stdout.splitlines())
    assert (said["valid"], said["widths"]) == (True, "64,320")
    assert [(rule["prefix"], rule["sizes"]) for rule in said["rules"]] == [("é/", ["s"]), ("", ["w320"])]
    shown = check(tmp_path, content).stdout
    assert "s 64×64 cover top" in shown
    assert "64,320" in shown


def test_a_target_for_quality_is_shown_as_what_it_is(tmp_path: Path) -> None:
    content = written({**PLAN, "quality": {"avif": {"target": 80}, "webp": "auto", "jpeg": 70}})
    (said,) = map(json.loads, check(tmp_path, content, "--json").stdout.splitlines())
    assert said["rules"][0]["quality"] == {"avif": {"target": 80}, "webp": {"target": 78}, "jpeg": 70}
    shown = " ".join(check(tmp_path, content).stdout.split())
    assert "target 80" in shown
    assert "target 78" in shown


def test_the_packaged_plan_passes(tmp_path: Path) -> None:
    from imageservice.adapters.plan_loader import packaged_plan

    ended = check(tmp_path, packaged_plan().encode(), "--json")
    assert (ended.exit_code, json.loads(ended.stdout)["widths"]) == (0, "160,320,640,1280,1920")


DOCS = Path(__file__).parents[3] / "docs"


def test_every_plan_in_the_docs_passes(tmp_path: Path) -> None:
    plans = [file.read_text() for file in sorted((DOCS / "examples/plans").glob("*.json"))]
    plans += re.findall(r"```json\n(.*?)```", (DOCS / "plan.md").read_text(), re.DOTALL)
    assert len(plans) >= 2
    for text in plans:
        ended = check(tmp_path, text.encode())
        assert ended.exit_code == 0, (text, ended.stderr)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not JSON"),
        (b"\xff\xfe", "not UTF-8, at byte 0"),
        (written({**PLAN, "sises": []}), "'sises' was unexpected"),
        (written({"default": PLAN, "rules": [{"prefix": "a/"}] * 2}), "two rules for the prefix 'a/'"),
        (written(with_rules(10_000)), "10,000 entries; it may have at most 100"),
        (
            written({"default": PLAN, "rules": [{"prefix": "x" * 900 + str(n)} for n in range(4)]}),
            "3,584 bytes",
        ),
        (b" " * 1_000_001, "more than 1,000,000 bytes"),
    ],
)
def test_a_file_that_is_no_plan_is_one_line_and_a_usage_error(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    ended = check(tmp_path, content)
    assert (ended.exit_code, ended.stderr.count("\n"), ended.stdout) == (2, 1, "")
    assert reason in ended.stderr
    assert len(ended.stderr) < 700


def test_spaces_and_lines_of_the_file_take_no_bytes(tmp_path: Path) -> None:
    spread = json.dumps(with_rules(50), indent=8).encode()
    assert len(spread) > MAX_BYTES
    assert check(tmp_path, spread).exit_code == 0
