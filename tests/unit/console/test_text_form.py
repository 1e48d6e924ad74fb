"""The form of an image's text changes what was edited, and nothing else."""

import pytest

from imageservice_operator.console.text_form import changed_text

SHOWN = {"alt": " Shoe ", "caption": "One\nTwo", "tags": ["red, or not", "sale"], "filename": "a.jpg"}
FORM = {"alt": " Shoe ", "caption": "One\r\nTwo", "tags": "red, or not, sale", "filename": "a.jpg"}
UNSET = {"credit": None, "copyright": None}


def test_a_form_that_is_sent_as_it_was_shown_changes_nothing() -> None:
    assert changed_text(FORM, SHOWN) == UNSET


@pytest.mark.parametrize(
    ("edited", "change"),
    [
        ({"alt": "Shoes"}, {"alt": "Shoes"}),
        ({"alt": "", "decoration": "1"}, {"alt": ""}),
        ({"caption": " "}, {"caption": None}),
        ({"tags": "sale"}, {"tags": ["sale"]}),
        ({"filename": ""}, {"filename": None}),
    ],
)
def test_only_the_edited_field_is_changed(edited: dict[str, str], change: dict[str, object]) -> None:
    assert changed_text({**FORM, **edited}, SHOWN) == {**UNSET, **change}


def test_a_decoration_stays_one() -> None:
    assert changed_text({"decoration": "1"}, {"alt": ""})["alt"] == ""
    assert changed_text({}, {"alt": ""})["alt"] is None
