"""The focal point: one form of the text, at every place that takes it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageservice.core.errors import FocusInvalid
from imageservice.core.focus import check_focus, focal_point, is_focus
from imageservice.core.original_metadata import Notes

PARTS = st.floats(0, 1)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("0.42,0.18", "0.42,0.18"),
        (" 0.420000 , .18 ", "0.42,0.18"),
        ("0,1", "0,1"),
        ("1.000,0.00001", "1,0"),
        ("0.12345,0.99999", "0.1235,1"),
    ],
)
def test_a_focal_point_has_one_form(text: str, stored: str) -> None:
    assert check_focus(text) == stored
    assert check_focus(stored) == stored


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0.5",
        "0.5,0.5,0.5",
        "1.01,0",
        "-0.1,0.5",
        "-0,0",
        "nan,nan",
        "1e-1,0.5",
        "50%,50%",
        "0,5 0,5",
        "0.5;0.5",
        "٠.٥,٠.٥",
        "0.5,0.5\x00",
        "0." + "1" * 5000 + ",0",
        "<script>",
    ],
)
def test_what_is_no_focal_point_is_refused_in_a_short_sentence(text: str) -> None:
    with pytest.raises(FocusInvalid) as caught:
        check_focus(text)
    assert len(str(caught.value)) < 500
    assert str(caught.value).isascii()


@given(PARTS, PARTS)
def test_a_stored_focal_point_is_within_a_pixel_of_the_largest_original(across: float, down: float) -> None:
    stored = check_focus(f"{across:.10f},{down:.10f}")
    assert is_focus(stored)
    assert focal_point(stored) == pytest.approx((across, down), abs=0.5001e-4)
    assert re.fullmatch(r"[01](\.[0-9]{1,4})?,[01](\.[0-9]{1,4})?", stored)


def test_an_original_with_an_invalid_focus_is_made_without_one_and_says_so() -> None:
    notes = Notes.of({"focus": "9,9" + "x" * 5000, "restored-from": "v1"})
    assert (notes.restored_from, notes.focus) == ("v1", "")
    assert notes.ignored_focus.startswith("9,9xxx")
    assert len(notes.ignored_focus) <= 60
    assert Notes.of({"focus": "0.5,.5"}) == Notes(focus="0.5,0.5")
    assert Notes.of({}) == Notes()
