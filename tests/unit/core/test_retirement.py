"""Renditions that were made and not recorded: they stay as long as another execution may record them."""

from typing import Any

import pytest

from imageservice.core.retirement import may_be_recorded

OWN, NEWER, OLDER, LONGER = "0055AED6DCD90002", "0055AED6DCD90003", "0055AED6DCD90001", "0055AED6DCD900021"
LATEST_IS_BAD = {"sequencer": NEWER, "status": "REJECTED"}


@pytest.mark.parametrize(
    ("item", "stays"),
    [
        (LATEST_IS_BAD, True),
        ({**LATEST_IS_BAD, "revision": 1, "served_sequencer": OLDER}, True),
        ({**LATEST_IS_BAD, "revision": 1, "served_sequencer": NEWER}, False),
        ({**LATEST_IS_BAD, "revision": 1, "served_sequencer": OWN}, False),
        ({**LATEST_IS_BAD, "revision": 1, "served_sequencer": LONGER}, False),
        ({"sequencer": OWN, "status": "READY", "revision": 1, "served_sequencer": OWN}, False),
        ({}, False),
    ],
)
def test_what_may_still_be_served_is_not_retired(item: dict[str, Any], stays: bool) -> None:
    assert may_be_recorded(item, OWN) is stays


def test_what_was_replaced_or_rejected_will_not_be_recorded() -> None:
    assert not may_be_recorded(LATEST_IS_BAD, None)
