"""What people say about an image: which of two settings is shown, and what comes back with a restored upload."""

from itertools import permutations
from typing import Any

from imageservice.core.image_text import NO_TEXT, UploadedText, fields_set, newest_fields, shown_text
from imageservice.core.original_metadata import RESTORED_FROM, UPLOADED_AT
from imageservice.core.uploaded_text import text_metadata, uploaded_text

T1, T2, T3, T4 = (f"2026-11-26T12:00:0{second}.000Z" for second in range(1, 5))


def uploaded(
    at: str, before: UploadedText = NO_TEXT, *, served: bool = True, changed: Any = None, **text: Any
) -> UploadedText:
    """What the source has after an upload with this text."""
    return uploaded_text(text_metadata(text, {}), at, served=served, uploaded=before, changed=changed or {})


def restored(at: str, original_at: str, before: UploadedText, **text: Any) -> UploadedText:
    metadata = {**text_metadata(text, {}), RESTORED_FROM: "v1", UPLOADED_AT: original_at}
    return uploaded_text(metadata, at, served=bool(before), uploaded=before, changed={})


def test_an_image_without_any_text_has_none() -> None:
    assert uploaded(T1, served=False) == {}
    assert shown_text(NO_TEXT, {}) == {}


def test_text_that_came_with_an_upload_outlasts_uploads_without_any() -> None:
    first = uploaded(T1, served=False, alt="A shoe", tags=["red", "sale"])
    assert shown_text(uploaded(T2, first), {}) == {"alt": "A shoe", "tags": ["red", "sale"]}
    assert shown_text(uploaded(T2, first, alt="Two shoes"), {})["alt"] == "Two shoes"


def test_what_was_set_last_is_shown_whichever_write_came_first() -> None:
    first = uploaded(T1, served=False, alt="A shoe", credit="Ann")
    change = fields_set({"alt": "A red shoe"}, T3)
    assert shown_text(uploaded(T2, first, alt="At two"), change) == {"alt": "A red shoe", "credit": "Ann"}
    assert shown_text(uploaded(T4, first, alt="At four"), change) == {"alt": "At four", "credit": "Ann"}


def test_a_removed_field_does_not_come_back_until_an_upload_sets_it() -> None:
    first = uploaded(T1, served=False, alt="A shoe")
    removal = fields_set({"alt": None}, T2)
    assert shown_text(first, removal) == {}
    assert shown_text(uploaded(T3, first), removal) == {}
    assert shown_text(uploaded(T3, first, alt="New"), removal) == {"alt": "New"}


def test_an_empty_alt_is_a_decoration_and_not_a_removal() -> None:
    assert shown_text(uploaded(T1, served=False, alt=""), {}) == {"alt": ""}


def test_changes_give_the_same_text_in_every_order() -> None:
    changes = [
        fields_set({"alt": "one", "tags": ["a"]}, T1),
        fields_set({"alt": None, "credit": "Ann"}, T2),
        fields_set({"alt": "three"}, T3),
    ]
    results = []
    for order in permutations(changes):
        merged: Any = {}
        for each in order:
            merged = newest_fields(merged, each)
        results.append(merged)
    assert all(each == results[0] for each in results)


def test_a_new_image_under_the_id_of_a_deleted_one_begins_without_text() -> None:
    change = fields_set({"alt": "Of the deleted one"}, T2)
    new = uploaded(T3, served=False, changed=change)
    assert shown_text(new, change) == {}
    later = newest_fields(change, fields_set({"caption": "New"}, T4))
    assert shown_text(new, later) == {"caption": "New"}


def test_a_change_made_between_the_upload_and_its_record_is_not_taken_for_an_earlier_life() -> None:
    change = fields_set({"alt": "At once"}, T2)
    assert shown_text(uploaded(T1, served=False, changed=change), change) == {"alt": "At once"}


def test_a_restored_image_has_what_came_with_it_and_what_was_corrected_later() -> None:
    correction = fields_set({"alt": "A red shoe"}, T2)
    back = restored(T4, T1, NO_TEXT, alt="A shoe", credit="Ann")
    assert shown_text(back, correction) == {"alt": "A red shoe", "credit": "Ann"}


def test_what_came_with_the_upload_that_is_undone_goes_with_it() -> None:
    first = uploaded(T1, served=False, alt="A shoe")
    second = uploaded(T3, first, alt="A mistake", caption="Wrong")
    assert shown_text(restored(T4, T1, second, alt="A shoe"), {}) == {"alt": "A shoe"}


def test_a_time_of_the_upload_that_is_invented_changes_nothing() -> None:
    change = fields_set({"alt": "Changed"}, T3)
    for invented in ("9999-12-31T00:00:00.000Z", "no time", ""):
        assert shown_text(restored(T2, invented, NO_TEXT, alt="Forged"), change)["alt"] == "Changed"
