"""Changing what people say about an image; against moto's DynamoDB, with caches that note what reaches them."""

from collections.abc import Iterator
from typing import Any

import image_tables
import pytest
from metadata_world import CONTEXT, ODD_ID, READY, World, metadata_world

from imageservice.adapters.audit_table import AuditTable
from update_metadata import bootstrap
from update_metadata.handler import handler


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with metadata_world(monkeypatch) as made:
        yield made


def test_a_change_is_in_the_table_then_the_cache_then_the_edge(world: World) -> None:
    world.put()
    code, answer = world.patch({"text": {"alt": "A red shoe", "credit": None, "tags": ["red"]}})
    assert (code, answer["revision"]) == (200, 5)
    assert answer["text"] == world.text() == {"alt": "A red shoe", "tags": ["red"]}
    assert world.caches.steps == ["refresh 5", "purge 5"]
    assert world.acts() == [("describe", "changed text.alt, text.credit, text.tags")]


def test_a_change_leaves_all_else_of_the_item_alone(world: World) -> None:
    world.put()
    world.patch({"text": {"alt": "A red shoe"}})
    item = world.table.get(ODD_ID)
    assert item
    assert {name: value for name, value in item.items() if name not in ("text", "revision")} == {
        name: value for name, value in READY.items() if name != "revision"
    }


def test_the_same_change_twice_is_one_and_refreshes_the_caches_again(world: World) -> None:
    world.put()
    world.patch({"text": {"alt": "A red shoe"}})
    code, answer = world.patch({"text": {"alt": "A red shoe"}}, if_match='"4-abc"')
    assert (code, answer["revision"], answer["changed"]) == (200, 5, [])
    assert world.caches.steps == ["refresh 5", "purge 5", "refresh 5", "purge 5"]


def test_a_change_that_did_not_reach_the_cache_says_so_and_is_completed_by_a_repetition(world: World) -> None:
    world.put()
    world.caches.fails = 1
    code, answer = world.patch({"text": {"alt": "A red shoe"}})
    assert (code, "again" in answer["detail"]) == (503, True)
    assert world.caches.steps == []
    assert world.patch({"text": {"alt": "A red shoe"}})[0] == 200
    assert world.caches.steps == ["refresh 5", "purge 5"]


def test_an_edge_that_takes_long_is_no_failure_and_is_not_called_done(world: World) -> None:
    world.put()
    world.caches.purged = False
    assert world.patch({"text": {"alt": "B"}})[0] == 202


@pytest.mark.parametrize("tag", ['"4"', '"4-0123abcd"', 'W/"4"', '"3", "4-ff"', "*"])
def test_a_change_of_the_revision_that_the_client_has_seen_is_made(world: World, tag: str) -> None:
    world.put()
    assert world.patch({"text": {"alt": "B"}}, tag)[0] == 200


@pytest.mark.parametrize("tag", ['"3"', '"44"', "4", '"4', "nonsense", '"' + "9" * 5000 + '"', '"²"'])
def test_a_change_of_another_revision_is_refused_and_changes_nothing(world: World, tag: str) -> None:
    world.put()
    assert world.patch({"text": {"alt": "B"}}, tag)[0] == 412
    assert world.text()["alt"] == "A shoe"
    assert world.caches.steps == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"\xff\xfe",
        b"[" * 60_000,
        [],
        "a",
        None,
        {},
        {"id": "other"},
        {"status": "READY"},
        {"text": []},
        {"text": {"alt": 1}},
        {"text": {"alt": {"value": "x"}}},
        {"text": {"alt": "a\u202eb"}},
        {"text": {"title": "x"}},
        {"text": {"$set": {"revision": 9}}},
        {"text": {"caption": "é" * 2000, "alt": "赤" * 1000, "credit": "é" * 300, "copyright": "赤" * 300}},
    ],
)
def test_a_hostile_body_is_refused_and_changes_nothing(world: World, body: object) -> None:
    world.put()
    code, answer = world.patch(body)
    assert code == 400
    assert answer["detail"].isprintable()
    assert world.text() == {"alt": "A shoe", "credit": "Ann"}


def test_a_body_that_is_too_long_is_refused_unread(world: World) -> None:
    assert world.patch(b" " * 70_000)[0] == 413


def test_another_media_type_is_refused(world: World) -> None:
    world.put()
    assert world.patch({"text": {}}, content_type="text/plain")[0] == 415
    assert world.patch({"text": {"alt": "B"}}, content_type="Application/JSON; charset=utf-8")[0] == 200


@pytest.mark.parametrize(
    ("item", "code"),
    [
        (None, 404),
        ({"id": ODD_ID, "status": "DELETED", "revision": 5}, 410),
        ({"id": ODD_ID, "status": "REJECTED", "error": {"name": "E", "cause": "Too large."}}, 422),
    ],
)
def test_what_is_no_image_can_not_be_changed(world: World, item: Any, code: int) -> None:
    if item:
        world.put(item)
    assert world.patch({"text": {"alt": "B"}})[0] == code
    assert world.table.get(ODD_ID) == item


def test_an_image_in_its_first_processing_can_be_described_already(world: World) -> None:
    world.put({"id": ODD_ID, "status": "PROCESSING", "sequencer": "01"})
    code, answer = world.patch({"text": {"alt": "Soon"}})
    assert (code, answer["revision"]) == (200, 0)
    assert world.caches.steps == []
    item = world.table.get(ODD_ID)
    assert item
    assert "revision" not in item  # Record first image would refuse it


def test_removing_all_text_leaves_none(world: World) -> None:
    world.put()
    assert world.patch({"text": None})[1]["text"] == world.text() == {}


def test_a_clock_that_is_behind_does_not_lose_a_change(world: World) -> None:
    world.put()
    world.changes("", now="2020-01-01T00:00:00Z").apply(ODD_ID, {"text": {"alt": "B"}})
    assert world.text()["alt"] == "B"


def test_a_token_changes_only_what_its_prefix_covers(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    audit = AuditTable(world.client, image_tables.AUDIT)
    found = bootstrap.Dependencies(world.changes, audit, "users/{sub}/")
    monkeypatch.setattr(bootstrap, "dependencies", lambda: found)
    world.put({**READY, "id": "users/ann/a.jpg"})
    body = {"text": {"alt": "B"}}
    assert world.patch(body, image_id="users/ann/a.jpg", claims={"sub": "ann"})[0] == 200
    assert world.patch(body, image_id="users/ann/a.jpg", claims={"sub": "bob"})[0] == 403


def test_an_operators_change_is_the_same_and_in_their_name(world: World) -> None:
    world.put()
    event = {
        "id": ODD_ID,
        "patch": {"text": {"alt": "B"}},
        "who": "arn:ann",
        "via": "command line",
        "process_image": "P1",
    }
    answer = handler({**event, "distribution": ""}, CONTEXT)
    assert answer["statusCode"] == 200
    assert world.caches.steps == ["refresh 5"]
    (act,) = world.client.scan(TableName=image_tables.AUDIT)["Items"]
    assert (act["who"]["S"], act["via"]["S"]) == ("arn:ann", "command line")
    assert handler({**event, "patch": {"text": {"alt": "\x00"}}}, CONTEXT)["statusCode"] == 400


def test_renditions_are_made_again_only_where_they_say_what_changes(world: World) -> None:
    world.put()
    world.embeds = ("copyright", "credit")
    assert world.patch({"text": {"alt": "B"}})[1]["reprocessing"] is False
    assert world.patch({"text": {"credit": "Bo"}})[1]["reprocessing"] is True
    assert world.caches.steps[2:] == ["refresh 6", "purge 6", "reprocess v1 by P1"]
    assert world.patch({"text": None})[1]["reprocessing"] is True
    assert world.patch({"text": {"credit": None}})[1]["changed"] == []
    assert world.caches.steps[-1] == "reprocess v1 by P1"
