"""Many readers who miss the same image at once cost the table few reads."""

import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from read_world import PATIENT, Writes, image_table

from imageservice.adapters.image_table import ImageTable
from imageservice.adapters.manifest_cache import LEASED, connect
from imageservice.core.errors import StoreUnavailable
from imageservice.read_through import ReadResult, ReadThrough

READERS = 24


class SlowTable:
    """The table, as slow as a distant one; it counts the reads."""

    def __init__(self, table: ImageTable, seconds: float = 0.03, failing: bool = False) -> None:
        self.reads = 0
        self._table = table
        self._seconds = seconds
        self._failing = failing
        self._lock = threading.Lock()

    def get(self, image_id: str) -> dict[str, Any] | None:
        with self._lock:
            self.reads += 1
        time.sleep(self._seconds)
        if self._failing:
            raise StoreUnavailable("slow down")
        return self._table.get(image_id)


@pytest.fixture
def new_image(table_client: Any) -> str:
    image_id = f"hot/{uuid.uuid4()}.jpg"
    writes = Writes(table_client)
    writes.register(image_id, 1)
    writes.record(image_id, 1)
    return image_id


def all_at_once(cache_url: str, table: SlowTable, image_id: str) -> list[ReadResult | BaseException]:
    """Every reader is a process of its own in Lambda: here each has a connection of its own."""
    start = threading.Barrier(READERS)

    def read(_: int) -> ReadResult | BaseException:
        # On a busy machine, the reader gives up neither Redis nor the reader that has the lease.
        reads = ReadThrough(connect(cache_url, PATIENT), lambda: table, wait=10)
        start.wait()
        try:
            return reads.find(image_id)
        except StoreUnavailable as error:
            return error

    with ThreadPoolExecutor(READERS) as readers:
        return list(readers.map(read, range(READERS)))


def test_one_reads_the_table_and_all_get_the_image(cache_url: str, table_client: Any, new_image: str) -> None:
    table = SlowTable(image_table(table_client))
    found = all_at_once(cache_url, table, new_image)
    assert {each.manifest["id"] for each in found if isinstance(each, ReadResult) and each.manifest} == {
        new_image
    }
    assert len(found) == READERS
    assert table.reads <= 2


def test_an_unknown_image_is_looked_up_once_too(cache_url: str, table_client: Any) -> None:
    table = SlowTable(image_table(table_client))
    found = all_at_once(cache_url, table, f"missing/{uuid.uuid4()}")
    assert all(isinstance(each, ReadResult) and each.manifest is None for each in found)
    assert table.reads <= 2


def test_a_reader_that_does_not_come_back_is_not_waited_for_until_its_lease_ends(
    cache_url: str, table_client: Any, new_image: str
) -> None:
    cache = connect(cache_url, PATIENT)
    assert cache.lease(new_image)
    found = ReadThrough(cache, lambda: image_table(table_client)).find(new_image)
    assert found.manifest
    assert found.source == "CacheMiss"
    assert cache.read(new_image) == LEASED


def test_a_table_that_fails_one_reader_is_asked_by_the_next(
    cache_url: str, table_client: Any, new_image: str
) -> None:
    failing = SlowTable(image_table(table_client), failing=True)
    assert all(isinstance(each, StoreUnavailable) for each in all_at_once(cache_url, failing, new_image))
    assert (
        ReadThrough(connect(cache_url, PATIENT), lambda: image_table(table_client)).find(new_image).manifest
    )
