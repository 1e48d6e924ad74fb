"""The whole handler of the reader: method, outcome, log line."""

from collections.abc import Callable
from typing import Any

import pytest
from read_world import PATIENT, Writes, image_table

from imageservice.adapters import manifest_cache as cache_module
from imageservice.core.manifest import Manifest
from refresh_cache import bootstrap as refresh_bootstrap
from refresh_cache.handler import handler as refresh_handler

Read = Callable[..., dict[str, Any]]
Lines = Callable[[], list[dict[str, Any]]]


def test_the_first_read_misses_and_the_next_hits(
    reader: Callable[[str], Read], cache_url: str, table_client: Any, logged: Lines
) -> None:
    writes = Writes(table_client)
    writes.register("whole/hit", 1)
    writes.record("whole/hit", 1)
    read = reader(cache_url)
    assert [read("/images/whole/hit")["statusCode"] for _ in range(2)] == [302, 302]
    first, second = logged()
    assert (first["CacheMiss"], second["CacheHit"]) == (1, 1)


def test_each_answer_is_one_line_with_what_an_operator_looks_for(
    reader: Callable[[str], Read], cache_url: str, logged: Lines
) -> None:
    reader(cache_url)("/images/whole/missing")
    (line,) = logged()
    assert {name: line[name] for name in ("level", "message", "path", "status", "request_id")} == {
        "level": "INFO",
        "message": "read",
        "path": "/images/whole/missing",
        "status": 404,
        "request_id": "request",
    }
    assert line["ReadMs"] > 0


def test_a_head_is_answered_as_a_get_whose_body_the_gateway_leaves_out(
    reader: Callable[[str], Read], cache_url: str, image: str
) -> None:
    read = reader(cache_url)
    read(f"/metadata/{image}")  # it connects, and so may take too long for the edge to keep its answer
    got, head = read(f"/metadata/{image}"), read(f"/metadata/{image}", "HEAD")
    assert got["body"]
    assert head == got


def test_without_redis_readers_are_answered_from_the_table(
    reader: Callable[[str], Read], image: str, logged: Lines
) -> None:
    assert reader("")(f"/images/{image}")["statusCode"] == 302
    assert logged()[0]["CacheMiss"] == 1


def test_a_refresh_puts_a_new_image_where_readers_find_it(
    reader: Callable[[str], Read],
    cache_url: str,
    table_client: Any,
    logged: Lines,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    writes = Writes(table_client)
    writes.register("whole/new", 1)
    item = writes.record("whole/new", 1)
    read = reader(cache_url)
    manifests = cache_module.connect(cache_url, PATIENT)
    made = refresh_bootstrap.Dependencies(manifests, lambda: image_table(table_client), True, lambda: None)
    monkeypatch.setattr(refresh_bootstrap, "dependencies", lambda: made)
    context: Any = type("Context", (), dict.fromkeys(_CONTEXT, "x"))
    answer = refresh_handler({"item": item}, context)
    assert (answer["stored"], answer["revision"]) == (True, 1)
    logged()
    read("/images/whole/new")
    assert logged()[0]["CacheHit"] == 1
    again = refresh_handler({"item": item}, context)
    assert again == {**answer, "stored": False}


_CONTEXT = ("function_name", "memory_limit_in_mb", "invoked_function_arn", "aws_request_id")


def lasting(image_id: str, revision: int) -> Manifest:
    """What the cache keeps for an hour: a tombstone would be gone after seconds, which these tests may take."""
    return {"id": image_id, "status": "READY", "revision": revision, "renditions": []}


def test_what_is_decoded_is_kept_only_as_long_as_redis_holds_the_same_bytes(
    cache_url: str,
) -> None:
    cache = cache_module.connect(cache_url, PATIENT)
    lease = cache.lease("whole/decoded")
    assert lease is not None
    cache.fill(lease, lasting("whole/decoded", 1))
    first = cache.read("whole/decoded")
    assert cache.read("whole/decoded") is first
    cache.refresh(lasting("whole/decoded", 2))
    assert cache.read("whole/decoded") != first


def test_beyond_512_decoded_entries_only_the_one_not_read_for_longest_goes(cache_url: str) -> None:
    cache = cache_module.connect(cache_url, PATIENT)
    ids = [f"many/{number}" for number in range(513)]
    for image_id in ids:
        lease = cache.lease(image_id)
        assert lease is not None
        cache.fill(lease, lasting(image_id, 1))
    first = {image_id: cache.read(image_id) for image_id in ids[:512]}
    assert cache.read(ids[0]) is first[ids[0]]
    cache.read(ids[512])
    assert all(cache.read(image_id) is first[image_id] for image_id in (ids[0], *ids[2:512]))
    assert cache.read(ids[1]) is not first[ids[1]]
