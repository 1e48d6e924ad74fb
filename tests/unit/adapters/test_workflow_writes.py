"""The conditional writes of ProcessImage, taken from its definition, against moto's DynamoDB."""

from collections.abc import Iterator
from typing import Any

import pytest
from image_tables import dynamodb
from read_world import Writes


@pytest.fixture
def writes() -> Iterator[Writes]:
    with dynamodb() as client:
        yield Writes(client)


def recorded(answer: dict[str, Any] | None) -> bool:
    return answer is not None


def test_a_digest_is_recorded_once(writes: Writes) -> None:
    writes.register("a", 1)
    assert recorded(writes.record("a", 1))
    assert not recorded(writes.record("a", 1))


def test_an_older_upload_does_not_record_over_a_newer_one(writes: Writes) -> None:
    writes.register("a", 1)
    writes.register("a", 2)
    assert recorded(writes.record("a", 2))
    assert not recorded(writes.record("a", 1))


def test_an_older_upload_is_recorded_until_a_newer_one_is(writes: Writes) -> None:
    writes.register("a", 1)
    writes.register("a", 2)
    assert recorded(writes.record("a", 1))
    assert recorded(writes.record("a", 2))


def test_an_upload_from_before_a_deletion_is_not_recorded_after_it(writes: Writes) -> None:
    writes.register("a", 1)
    writes.mark_deleted("a", 2)
    writes.register("a", 3)
    assert not recorded(writes.record("a", 1))
    assert recorded(writes.record("a", 3))


def test_an_older_execution_of_the_same_upload_records_nothing_once_a_later_one_has_begun(
    writes: Writes,
) -> None:
    """Redriven after the plan has changed, it has an outdated digest, perhaps without renditions."""
    writes.register("a", 1, execution="older")
    writes.register("a", 1, execution="later")
    assert not recorded(writes.record("a", 1, execution="older"))
    assert recorded(writes.record("a", 1, execution="later"))


def test_an_upload_that_is_registered_late_is_refused(writes: Writes) -> None:
    writes.register("a", 2)
    assert not writes.register("a", 1)
