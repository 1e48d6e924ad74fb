"""Some hostile files of each format, run through the functions' own handlers, as the catalog has them."""

import pytest
from bombs.catalog import BOMBS, costs_of
from bombs.functions import READY
from bombs.table import outcomes

TAKEN = (
    "PNG, an ICC profile of 400 MB",
    "PNG, 99 MP, gray in 1 bits",
    "TIFF, a directory that is its own next",
    "TIFF, a tag of 49 MB of small numbers",
    "AVIF, EXIF of 60,000 overlapping values",
)
REFUSED = (
    ("APNG, 1,000,000 frames", "made to be slow"),
    ("GIF, 2 frames of 9,999 × 9,999", "megapixels"),
    ("WebP, 1,000,000 chunks", "made to be slow"),
    ("JPEG, 1,000,000 segments", "made to be slow"),
    ("TIFF, 9,950 strips that each inflate to 10 MB", "inflates to more than its pixels"),
    ("AVIF, 2,000,000 associations", "too long"),
)


@pytest.mark.parametrize("name", TAKEN)
def test_a_bomb_that_is_an_image_is_rendered_within_the_functions_bounds(name: str) -> None:
    costs = costs_of(name)
    assert costs.excesses() == []
    assert costs.outcome == READY


@pytest.mark.parametrize(("name", "reason"), REFUSED)
def test_a_bomb_is_rejected_within_the_functions_bounds(name: str, reason: str) -> None:
    costs = costs_of(name)
    assert costs.excesses() == []
    assert reason in costs.outcome


def test_every_file_in_the_table_of_the_docs_can_be_made() -> None:
    assert outcomes().keys() <= BOMBS.keys()
    assert len(outcomes()) > 100
