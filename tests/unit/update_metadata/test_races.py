"""Changes of metadata that race: with each other, with a removal, and with whatever never ends."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from metadata_world import ODD_ID, READY, World, metadata_world

from imageservice.adapters.image_table import ImageTable
from imageservice.adapters.original_copy import FocalPoints
from imageservice.core.errors import ImageChanged, ImageDeleted, StoreUnavailable
from imageservice.metadata_changes import MetadataChanges


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with metadata_world(monkeypatch) as made:
        yield made


@dataclass
class RacingTable:
    """A table in which something happens between this change's read and its write, `times` times."""

    table: ImageTable
    meanwhile: Any
    times: int = 1

    def get(self, image_id: str) -> dict[str, Any] | None:
        found = self.table.get(image_id)
        if self.times:
            self.times -= 1
            self.meanwhile()
        return found

    def change(self, item: Mapping[str, Any], attributes: Mapping[str, Any]) -> dict[str, Any] | None:
        return self.table.change(item, attributes)


def racing(world: World, meanwhile: Any, times: int = 1) -> MetadataChanges:
    table = RacingTable(world.table, meanwhile, times)
    return MetadataChanges(
        table,
        world.caches.refresh,
        None,
        lambda _: (),
        world.caches.steps.append,
        FocalPoints(world.s3),
        lambda: datetime.now(UTC),
    )


def test_two_changes_at_the_same_time_are_both_made(world: World) -> None:
    world.put()
    other = world.changes("", "")
    racing(world, lambda: other.apply(ODD_ID, {"text": {"credit": "Bo"}})).apply(
        ODD_ID, {"text": {"alt": "B"}}
    )
    assert world.text() == {"alt": "B", "credit": "Bo"}


def test_of_two_conditional_changes_at_the_same_time_one_is_refused(world: World) -> None:
    world.put()
    other = world.changes("", "")
    mine = racing(world, lambda: other.apply(ODD_ID, {"text": {"alt": "C"}}, '"4"'))
    with pytest.raises(ImageChanged):
        mine.apply(ODD_ID, {"text": {"alt": "B"}}, '"4"')
    assert world.text()["alt"] == "C"


def test_an_image_that_is_removed_meanwhile_stays_removed(world: World) -> None:
    world.put()
    tombstone = {"id": ODD_ID, "status": "DELETED", "revision": 5}
    code = racing(world, lambda: world.put(tombstone))
    with pytest.raises(ImageDeleted):
        code.apply(ODD_ID, {"text": {"alt": "B"}})
    assert world.table.get(ODD_ID) == tombstone


def test_an_item_that_never_stops_changing_is_given_up(world: World) -> None:
    world.put()
    revisions = iter(range(10, 100))
    busy = racing(world, lambda: world.put({**READY, "revision": next(revisions)}), times=50)
    with pytest.raises(StoreUnavailable):
        busy.apply(ODD_ID, {"text": {"alt": "B"}})


def test_of_two_focal_points_with_the_same_condition_one_is_refused(world: World) -> None:
    world.put()
    world.store()
    other = world.changes("", "")
    mine = racing(world, lambda: other.apply(ODD_ID, {"focus": "0.1,0.1"}, '"4"'))
    with pytest.raises(ImageChanged):
        mine.apply(ODD_ID, {"focus": "0.9,0.9"}, '"4"')
    assert world.original()["Metadata"]["focus"] == "0.1,0.1"
