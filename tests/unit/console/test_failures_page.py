"""The failures page: what limits it, what is chosen and replayed, and what it says if a replay did not help."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from typing import Any

import moto_stack
import pytest
from moto_stack import World
from starlette.testclient import TestClient
from waiting import until

from imageservice_operator.console.app import create_app
from imageservice_operator.operations.failures import FailedImage
from imageservice_operator.operations.health import Health
from imageservice_operator.operations.images import STATUSES


@pytest.fixture
def world() -> Iterator[World]:
    with moto_stack.world() as made:
        yield made


@pytest.fixture
def console(world: World) -> TestClient:
    return TestClient(create_app(world.stack), base_url="http://127.0.0.1", follow_redirects=False)


def rows(text: str) -> list[str]:
    listed = text.partition('id="letters"')[0]
    return [html.unescape(each) for each in re.findall(r'aria-label="Choose ([^"]+)"', listed)]


def post(console: TestClient, path: str, **fields: str | Sequence[str]) -> Any:
    token = console.get("/").text.split('name="token" value="')[1].split('"')[0]
    return console.post(path, data={"token": token, **fields})


def failed(console: TestClient, *failures: FailedImage) -> None:
    """The figures have these failures, instead of those of a stack."""
    counts = dict.fromkeys(STATUSES, 0)
    context = console.app._app.state.context  # type: ignore[attr-defined]  # within the guard
    context.health = lambda: Health(counts, failures, {})


def failure(number: int, error: str = "CacheUnavailable", hour: int = 9, **fields: str) -> FailedImage:
    given = {"machine": "ProcessImage", "cause": "Redis is gone", **fields}
    return FailedImage(
        id=f"{number}.jpg",
        execution=f"arn:{number}",
        name=error,
        at=f"2026-11-26T{hour:02}:30:00.000Z",
        status="FAILED",
        recorded=True,
        **given,
    )


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [1, 2, 3]),
        ("error=Bug", [2]),
        ("workflow=RemoveImage", [3]),
        ("since=2026-11-26T02:00&until=2026-11-26T03:00", [2]),
        ("since=2026-11-26T02:00&until=2026-11-26T03:00&error=CacheUnavailable", []),
        ("error=Unknown", []),
    ],
)
def test_failures_are_limited_by_time_error_and_workflow(
    console: TestClient, query: str, numbers: list[int]
) -> None:
    failed(console, failure(1), failure(2, "Bug", 2), failure(3, hour=1, machine="RemoveImage"))
    text = console.get(f"/failures?{query}").text
    assert sorted(rows(text)) == [f"{number}.jpg" for number in numbers]
    assert ("No failure fits" in text) == (not numbers)
    assert "Nothing has failed" not in text


def test_a_time_that_can_not_be_read_is_named(console: TestClient) -> None:
    answer = console.get("/failures?since=yesterday")
    assert answer.status_code == 400
    assert "Failed since: give 90min, 2h, 3d" in answer.text


def test_an_image_with_another_cause_than_its_group_shows_its_own(console: TestClient) -> None:
    failed(console, failure(1), failure(2, cause="<b>Timeout</b> reading from socket"), failure(3))
    text = console.get("/failures").text
    assert text.count("Redis is gone") == 1
    assert text.count("&lt;b&gt;Timeout&lt;/b&gt; reading from socket") == 1


def test_thousands_are_counted_and_shown_page_by_page(console: TestClient) -> None:
    failed(console, *(failure(number) for number in range(5000)))
    first = console.get("/failures")
    assert "5000 images" in first.text
    assert len(rows(first.text)) == 50
    shown: list[str] = []
    address: str | None = "/failures?error=CacheUnavailable"
    while address:
        page = console.get(address)
        assert len(page.content) < 200_000
        shown += rows(page.text)
        older = re.search(r'href="([^"]+)" rel="next"', page.text)
        address = html.unescape(older[1]) if older else None
    assert sorted(shown) == sorted(f"{number}.jpg" for number in range(5000))


@pytest.mark.parametrize("number", ["0", "-1", "9" * 30, "x", "²"])
def test_a_page_that_can_not_be_is_the_first(console: TestClient, number: str) -> None:
    failed(console, failure(1))
    assert rows(console.get("/failures", params={"error": "CacheUnavailable", "from": number}).text) == [
        "1.jpg"
    ]


def test_nothing_chosen_is_refused_with_a_reason(console: TestClient) -> None:
    answer = post(console, "/replay-selected")
    assert (answer.status_code, "No failure was chosen" in answer.text) == (400, True)


def test_what_was_repaired_meanwhile_is_not_replayed(console: TestClient) -> None:
    answer = post(console, "/replay-selected", failure="arn:gone")
    assert (answer.status_code, "repaired meanwhile" in answer.text) == (409, True)


def test_a_replay_that_did_not_help_is_said_in_red_with_its_reasons(
    world: World, console: TestClient
) -> None:
    arns = [world.execution(f"{number}.jpg", error="Bug") for number in range(3)]
    answer = post(console, "/replay-selected", failure=arns[:2])
    assert (answer.status_code, answer.headers["location"]) == (303, "/failures")
    for arn in until(lambda: arns if len(arns := world.running()) == 2 else None):
        world.fail(arn, "Bug")
    text = until(lambda: text if "progress over" in (text := console.get("/failures").text) else None)
    (progress,) = re.findall(r'<section class="progress[^>]+id="progress".*?</section>', text, re.DOTALL)
    assert 'class="progress over vain"' in progress
    assert "The replay did not help: 2 chosen" in progress
    assert '<li><span class="cause">Bug happened.</span> <span class="quiet">2 images' in progress
