"""Numbers, times and data as text."""

from datetime import UTC, datetime

import pytest

from imageservice_operator.console import filters, urls

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_times_are_read_as_items_and_as_boto3_have_them() -> None:
    assert filters.exact("2026-11-22T12:00:00.123Z") == "2026-11-22 12:00:00 UTC"
    assert filters.exact(NOW) == "2026-11-22 12:00:00 UTC"
    assert filters.exact(None) == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.008, "8 ms"), (2.174, "2.17 s"), (41, "41 s"), (185, "3 min 5 s"), (7440, "2 h 4 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert filters.lasted(seconds) == text


@pytest.mark.parametrize(
    ("width", "height", "text"),
    [(4032, 3024, "12.2 MP"), (700, 500, "0.35 MP"), (60, 40, "60 × 40 px"), (1, 1, "1 × 1 px"), (0, 5, "")],
)
def test_pixels(width: int, height: int, text: str) -> None:
    assert filters.megapixels(width, height) == text


def test_formats_are_written_as_people_write_them() -> None:
    assert [filters.format_label(name) for name in ("webp", "jpeg", "jxl")] == ["WebP", "JPEG", "JXL"]


def test_json_within_json_is_unfolded_to_be_read() -> None:
    assert filters.unfolded({"cause": '{"errorMessage": "[1, 2]"}'}) == {"cause": {"errorMessage": [1, 2]}}


def test_text_that_only_looks_like_json_stays_as_it_is() -> None:
    assert filters.pretty("{{7*7}}") == "{{7*7}}"
    assert filters.unfolded({"key": "[draft].jpg"}) == {"key": "[draft].jpg"}


@pytest.mark.parametrize("image_id", ["../../x", "a b+c%20é/ü.jpg", "//elsewhere.example", "#x?y=1&id=2"])
def test_an_id_stays_whole_in_an_address(image_id: str) -> None:
    from urllib.parse import parse_qs, urlsplit

    parts = urlsplit(urls.image(image_id))
    assert (parts.netloc, parts.path) == ("", "/image")
    assert parse_qs(parts.query) == {"id": [image_id]}
