"""The list of executions is searched, counted, paged, and stopped. moto's executions run until they are stopped."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import boto3
import image_tables
import moto_workflows
import pytest
from moto import mock_aws
from starlette.testclient import TestClient
from waiting import until

from imageservice_operator.console import execution_list
from imageservice_operator.console.app import create_app
from imageservice_operator.console.execution_list import ExecutionList
from imageservice_operator.console.pages import executions as page_module
from imageservice_operator.operations.stack import Stack

SCRIPT = "<script>alert(1)</script>.jpg"
SESSION = boto3.session.Session(region_name="us-east-1")  # once: it keeps the services' models
Start = Callable[..., str]


@pytest.fixture
def calls() -> Counter[str]:
    """How often each operation of Step Functions was called."""
    return Counter()


@pytest.fixture
def stack(calls: Counter[str]) -> Iterator[Stack]:
    with mock_aws():
        states = SESSION.client("stepfunctions")
        moto_workflows.count(states, calls)
        image_tables.create(SESSION.client("dynamodb"))
        workflows = moto_workflows.create(states, (*moto_workflows.NAMES, "ReprocessImages"))
        outputs = {"ImageTableName": "images", **workflows}
        yield Stack(
            "shop",
            "us-east-1",
            outputs,
            lambda service, **_: states if service == "stepfunctions" else SESSION.client(service),
        )


@pytest.fixture
def start(stack: Stack) -> Start:
    names = map(
        "{:05}".format, itertools.count()
    )  # of two in one millisecond, the ARN decides which is newer

    def started(image_id: str, machine: str = "ProcessImage", *, stopped: bool = False) -> str:
        client = stack.client("stepfunctions")
        arn = client.start_execution(
            stateMachineArn=stack.machine_arn(machine),
            name=next(names),
            input=json.dumps(moto_workflows.upload(image_id)),
        )
        if stopped:
            client.stop_execution(executionArn=arn["executionArn"])
        return arn["executionArn"]

    return started


@pytest.fixture
def console(stack: Stack) -> TestClient:
    return TestClient(create_app(stack), base_url="http://127.0.0.1", follow_redirects=False)


def shown(console: TestClient, **search: str) -> tuple[list[str], dict[str, int], str]:
    """The images on a page, the counts of the tabs, and the page."""
    answer = console.get(f"/executions?{urlencode(search)}")
    assert answer.status_code == 200
    text = " ".join(answer.text.split())
    tabs = re.search(r'aria-label="Executions by status">(.*?)</nav>', text)
    assert tabs
    counts = {
        word.strip(): int(count.replace(",", ""))
        for word, count in re.findall(r'>([^<>]+) <span class="count">([\d,]+)<', tabs[1])
    }
    rows = re.findall(r'<td class="main-cell"><a [^>]*><bdi[^>]*>(.*?)</bdi>', text)
    return rows, counts, text


def test_executions_of_all_workflows_are_listed_and_counted(console: TestClient, start: Start) -> None:
    start("a.jpg")
    start("b.jpg", "RemoveImage", stopped=True)
    rows, counts, _ = shown(console)
    assert rows == ["b.jpg", "a.jpg"]
    assert (counts["All"], counts["Running"], counts["Stopped"]) == (2, 1, 1)


def test_a_reprocessing_is_listed_by_what_it_makes_again(console: TestClient, stack: Stack) -> None:
    client = stack.client("stepfunctions")
    for prefix in ("shop/<b>", ""):
        arn = client.start_execution(
            stateMachineArn=stack.machine_arn("ReprocessImages"), input=json.dumps({"prefix": prefix})
        )["executionArn"]
        client.stop_execution(executionArn=arn)
    text = shown(console, workflow="ReprocessImages")[2]
    assert "All originals" in text
    assert 'Originals below <bdi class="name" dir="auto">shop/&lt;b&gt;</bdi>' in text


def test_each_tab_counts_what_fits_the_other_filters(console: TestClient, start: Start) -> None:
    start("a.jpg")
    start("b.jpg", "RemoveImage", stopped=True)
    rows, counts, _ = shown(console, workflow="RemoveImage", status="RUNNING")
    assert rows == []
    assert (counts["All"], counts["Running"], counts["Stopped"]) == (1, 0, 1)


def test_one_image_is_found_by_its_item(console: TestClient, stack: Stack, start: Start) -> None:
    arn = start("a.jpg")
    start("b.jpg")
    stack.client("dynamodb").put_item(
        TableName="images",
        Item={"id": {"S": "a.jpg"}, "execution": {"S": arn}, "status": {"S": "PROCESSING"}},
    )
    assert shown(console, image="a.jpg")[0] == ["a.jpg"]
    assert "No execution fits" in shown(console, image="nowhere.jpg")[2]


def test_executions_are_found_by_time_duration_and_error(console: TestClient, start: Start) -> None:
    start("a.jpg", stopped=True)
    start("b.jpg")
    assert shown(console, since="1h")[0] == ["b.jpg", "a.jpg"]
    assert shown(console, until="1h")[0] == []
    assert shown(console, longer="1h")[0] == []
    assert shown(console, error="Stopped")[0] == ["a.jpg"]
    assert shown(console, error="Unheard")[0] == []


def test_a_search_for_an_error_describes_some_and_says_how_many_are_left(
    console: TestClient, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        start(f"{number}.jpg", stopped=True)
    monkeypatch.setattr(page_module, "DESCRIBED", 2)
    for found, left in ((2, 3), (4, 1), (5, 0)):
        rows, _, text = shown(console, error="Stopped")
        assert len(rows) == found
        assert (f"{left} failed executions are still to be searched" in text) is bool(left)


def test_pages_go_older_and_newer_with_the_total(
    console: TestClient, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_module, "PER_PAGE", 2)
    for number in range(5):
        start(f"{number}.jpg")
    rows, _, text = shown(console)
    seen = [rows]
    for expected in ("1–2 of 5", "3–4 of 5"):
        assert expected in text
        older = re.search(r'href="([^"]*)" rel="next"', text)
        assert older
        text = " ".join(console.get(older[1].replace("&amp;", "&")).text.split())
        seen.append(re.findall(r'<td class="main-cell"><a [^>]*><bdi[^>]*>(.*?)</bdi>', text))
    assert seen == [["4.jpg", "3.jpg"], ["2.jpg", "1.jpg"], ["0.jpg"]]
    assert 'rel="next"' not in text
    newer = re.search(r'href="([^"]*)" rel="prev"', text)
    assert newer
    assert "3–4 of 5" in console.get(newer[1].replace("&amp;", "&")).text


def test_what_cannot_be_understood_is_refused_with_a_reason(console: TestClient) -> None:
    for search in ("since=soon", "until=-1", "longer=x", "status=READY", "workflow=Other"):
        answer = console.get(f"/executions?{search}")
        assert (answer.status_code, "can&#39;t be done" in answer.text) == (400, True)


def test_ids_and_what_was_typed_are_escaped(console: TestClient, start: Start) -> None:
    start(SCRIPT)
    assert "<script>alert" not in shown(console)[2]
    assert "<script>alert" not in shown(console, error=SCRIPT, image=SCRIPT)[2]


def test_a_page_of_long_ids_stays_below_200_kb(console: TestClient, start: Start) -> None:
    for number in range(60):
        start(f"{number:03}{'ü' * 510}")  # 1,023 bytes: the longest key that S3 takes
    assert len(console.get("/executions").content) < 200_000


def token(console: TestClient) -> str:
    found = re.search(r'name="token" value="([^"]+)"', console.get("/executions").text)
    assert found
    return found[1]


def stop(console: TestClient, *arns: str, **fields: str) -> Any:
    return console.post("/stop", data={"token": token(console), "arn": list(arns), **fields})


def test_one_is_stopped_and_shown_or_many_and_listed(console: TestClient, stack: Stack, start: Start) -> None:
    one, two, three = start("1.jpg"), start("2.jpg"), start("3.jpg")
    assert stop(console, one).headers["location"] == f"/execution?{urlencode({'arn': one})}"
    answer = stop(console, two, three, one)
    assert (answer.status_code, answer.headers["location"]) == (303, "/executions?status=ABORTED")
    assert shown(console)[1]["Stopped"] == 3


def test_stopping_what_had_ended_or_nothing_is_refused(console: TestClient, start: Start) -> None:
    start("runs.jpg")
    assert stop(console, start("ended.jpg", stopped=True)).status_code == 409
    assert stop(console).status_code == 400
    assert console.post("/stop", data={"token": "guess", "arn": start("a.jpg")}).status_code == 403


def test_the_list_notices_what_ended_behind_the_newest(
    stack: Stack, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution_list, "OVERLAP", 1)
    old = start("old.jpg")
    newer = [start(f"{number}.jpg", stopped=True) for number in range(3)]
    listed = ExecutionList(stack)
    listed.newest()
    stack.client("stepfunctions").stop_execution(executionArn=old)
    listed.changed()
    assert {each.arn: each.status for each in listed.newest()} == dict.fromkeys([old, *newer], "ABORTED")


def test_an_idle_look_costs_one_call_for_each_workflow(
    stack: Stack, start: Start, calls: Counter[str]
) -> None:
    for number in range(3):
        start(f"{number}.jpg", stopped=True)
    listed = ExecutionList(stack)
    for _ in range(3):
        listed.newest()
        listed.changed()
    assert calls["ListExecutions"] == 9
    assert listed.complete


def test_a_long_list_is_read_on_a_thread_and_says_when_it_is_whole(
    stack: Stack, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution_list, "_PAGE", 2)
    for number in range(5):
        start(f"{number}.jpg", stopped=True)
    listed = ExecutionList(stack)
    assert len(listed.newest()) == 2
    until(lambda: listed.complete)
    assert len(listed.newest()) == 5
