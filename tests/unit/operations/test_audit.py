"""Operators' acts are on record before they begin, and what came of them after."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import image_tables
import pytest
from moto import mock_aws

from imageservice.adapters.image_table import to_dynamodb
from imageservice.core.audit import KEPT, Actor, record_of
from imageservice.core.errors import StoreUnavailable
from imageservice_operator.operations import audit
from imageservice_operator.operations.stack import Stack

NOW = datetime.now(UTC)
RUN = "arn:aws:states:us-east-1:1:execution:ReprocessImages:r"


@pytest.fixture
def stack() -> Iterator[Stack]:
    with mock_aws():
        image_tables.create_audit(boto3.client("dynamodb"))
        yield Stack("shop", "us-east-1", {"AuditTableName": image_tables.AUDIT}, boto3.client)


def of(stack: Stack, image_id: str) -> list[audit.Entry]:
    return list(audit.of_image(stack, image_id))


def test_an_act_is_visible_while_it_goes_on_and_has_its_outcome_afterwards(stack: Stack) -> None:
    with audit.recorded(stack, "replay", image="a", execution="arn:1", force=True, prefix="") as act:
        (during,) = of(stack, "a")
        act.outcome, act.started = "restarted", "arn:2"
    (after,) = of(stack, "a")
    assert (during.result, during.outcome) == ("not finished", None)
    assert (after.result, after.execution, after.started) == ("restarted", "arn:1", "arn:2")
    assert (after.options, after.via) == ("force", "command line")
    assert after.who.startswith("arn:aws:sts::123456789012:")


def test_an_error_is_the_outcome_and_goes_on(stack: Stack) -> None:
    with pytest.raises(ValueError, match="broken"), audit.recorded(stack, "remove", image="a"):
        raise ValueError("broken")
    assert of(stack, "a")[0].result == "failed: ValueError: broken"


def test_an_act_that_was_killed_stays_unfinished(stack: Stack) -> None:
    killed = audit.recorded(stack, "remove", image="a")
    killed.__enter__()  # and never anything after it, as where the process is killed
    assert [each.result for each in of(stack, "a")] == ["not finished"]


def test_an_act_that_can_not_be_put_on_record_does_not_begin(stack: Stack) -> None:
    stack.client("dynamodb").delete_table(TableName=image_tables.AUDIT)
    begun = []
    with pytest.raises(StoreUnavailable), audit.recorded(stack, "remove", image="a"):
        begun.append(True)
    assert not begun


def test_an_act_whose_outcome_can_not_be_stored_is_not_undone_by_an_error(
    stack: Stack, caplog: pytest.LogCaptureFixture
) -> None:
    with audit.recorded(stack, "remove", image="a"):
        stack.client("dynamodb").delete_table(TableName=image_tables.AUDIT)
    assert "not on record" in caplog.text


def test_a_deployment_without_the_table_is_operated_as_before() -> None:
    older = Stack("old", "us-east-1", {}, boto3.client)
    with audit.recorded(older, "remove", image="a") as act:
        act.outcome = "done"
    assert of(older, "a") == []


def put(stack: Stack, action: str, at: datetime, **about: Any) -> None:
    record = record_of(Actor("ann", "console"), action, at, **about)
    stack.client("dynamodb").put_item(TableName=image_tables.AUDIT, Item=to_dynamodb(record))


def test_all_acts_since_a_moment_are_listed_newest_first_over_the_months(stack: Stack) -> None:
    for days in (0, 20, 40, 70, 100):
        put(stack, f"{days} days ago", NOW - timedelta(days=days), image=f"image {days}")
    assert [each.action for each in audit.since(stack, NOW - timedelta(days=80))] == [
        "0 days ago",
        "20 days ago",
        "40 days ago",
        "70 days ago",
    ]
    assert len(list(audit.since(stack, datetime(1, 1, 1, tzinfo=UTC)))) == 5


def test_an_execution_has_the_acts_on_it_and_those_that_started_it(stack: Stack) -> None:
    put(stack, "replay", NOW, image="a", execution="arn:1")
    put(stack, "remove", NOW, image="a")
    with audit.recorded(stack, "reprocess", image="a") as act:
        act.started = "arn:1"
    put(stack, "stop", NOW, execution=RUN)
    assert {each.action for each in audit.of_execution(stack, "arn:1", "a", 10)} == {"replay", "reprocess"}
    assert [each.action for each in audit.of_execution(stack, RUN, None, 10)] == ["stop"]


def test_no_more_are_read_than_are_shown(stack: Stack) -> None:
    for minute in range(30):
        put(stack, "replay", NOW - timedelta(minutes=minute), image="a")
    assert len(list(audit.of_image(stack, "a", limit=20))) == 20
    assert len(list(audit.of_image(stack, "a", since=NOW - timedelta(minutes=9.5)))) == 10


def test_a_record_expires_after_its_time(stack: Stack) -> None:
    put(stack, "remove", NOW, image="a")
    (item,) = stack.client("dynamodb").scan(TableName=image_tables.AUDIT)["Items"]
    assert int(item["expires_at"]["N"]) == int((NOW + KEPT).timestamp())
