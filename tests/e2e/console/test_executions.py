"""The list of executions in Chromium, over moto's Step Functions, whose executions run until they are stopped."""

import json
import socket
import threading
from collections.abc import Callable, Iterator

import boto3
import image_tables
import pytest
from moto import mock_aws
from playwright.sync_api import Browser, Page, expect
from waiting import HANG_S

from imageservice_operator.console.server import server
from imageservice_operator.operations.stack import Stack

COUNT = 55


@pytest.fixture
def start() -> Iterator[Callable[[str], str]]:
    """Starts an execution for an image; the stack is that of `console_of_moto`."""
    with mock_aws():
        client = boto3.client("stepfunctions", region_name="us-east-1")
        machine, _ = (
            client.create_state_machine(
                name=name,
                definition='{"StartAt": "a", "States": {"a": {"Type": "Pass", "End": true}}}',
                roleArn="arn:aws:iam::123456789012:role/x",
            )["stateMachineArn"]
            for name in ("ProcessImage", "RemoveImage")
        )

        def started(image_id: str) -> str:
            event = {
                "detail-type": "Object Created",
                "detail": {
                    "bucket": {"name": "originals"},
                    "object": {"key": image_id, "etag": "e", "size": 1, "sequencer": "0A"},
                },
            }
            answer = client.start_execution(stateMachineArn=machine, input=json.dumps(event))
            return str(answer["executionArn"])

        yield started


@pytest.fixture
def page(start: Callable[[str], str], browser: Browser) -> Iterator[Page]:
    """A page of the console; it fails the test if a script fails."""
    image_tables.create(boto3.client("dynamodb", region_name="us-east-1"))
    machines = boto3.client("stepfunctions", region_name="us-east-1").list_state_machines()["stateMachines"]
    outputs = {"ImageTableName": "images"}
    outputs |= {f"{machine['name']}Arn": machine["stateMachineArn"] for machine in machines}
    stack = Stack(
        "shop", "us-east-1", outputs, lambda service, **_: boto3.client(service, region_name="us-east-1")
    )
    serving, _ = server(stack, keyed=False)
    complaints: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serving.run, args=([listener],), daemon=True)
        thread.start()
        context = browser.new_context(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}")
        opened = context.new_page()
        opened.set_default_timeout(HANG_S * 1000)
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        yield opened
        context.close()
        serving.should_exit = True
        thread.join()
    assert complaints == []


def test_what_runs_is_paged_chosen_and_stopped_and_a_choice_outlives_the_updates(
    start: Callable[[str], str], page: Page
) -> None:
    for number in range(COUNT):
        start(f"{number}.jpg")
    page.goto("/executions")
    tabs = page.get_by_role("navigation", name="Executions by status")
    expect(tabs.get_by_role("link", name=f"Running {COUNT}")).to_be_visible()
    expect(page.get_by_text(f"1–50 of {COUNT}")).to_be_visible()
    page.get_by_role("link", name="Older").click()
    expect(page.get_by_text(f"51–55 of {COUNT}")).to_be_visible()
    for name in ("0.jpg", "1.jpg"):
        page.get_by_role("checkbox", name=f"Choose {name}").check()
    start("new.jpg")
    expect(page.get_by_text(f"of {COUNT + 1}")).to_be_visible()  # the page has updated itself
    expect(page.get_by_role("checkbox", name="Choose 0.jpg")).to_be_checked()
    expect(page.get_by_role("button", name="Stop them")).not_to_be_visible()
    page.get_by_text("Stop the chosen…").click()
    page.get_by_role("button", name="Stop them").click()
    expect(tabs.get_by_role("link", name="Stopped 2")).to_have_attribute("aria-current", "true")
    expect(page.locator(".list tbody tr")).to_have_count(2)


def test_a_search_is_typed_and_cleared(start: Callable[[str], str], page: Page) -> None:
    start("a.jpg")
    page.goto("/executions")
    page.get_by_label("Longer than").fill("2h")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="No execution fits")).to_be_visible()
    page.get_by_role("link", name="Clear").click()
    expect(page.get_by_role("link", name="a.jpg")).to_be_visible()
