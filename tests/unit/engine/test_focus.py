"""Crops center on a focal point, as far as the edges of the image allow."""

import pytest
from engine_scenes import Compare, Render, encoded, exif, scene, stored_in
from hypothesis import given
from hypothesis import strategies as st

from imageservice.core.focus import check_focus, focal_point
from imageservice.core.rendition_plan import Target
from imageservice.engine.pixels.geometry import crop_box

SIDES = st.integers(1, 20_000)
PARTS = st.floats(0, 1)


@pytest.mark.parametrize(
    ("focus", "box"),
    [
        ("0.5,0.5", (100, 0, 300, 200)),
        ("0.4,0.1", (60, 0, 260, 200)),
        ("0,0", (0, 0, 200, 200)),
        ("1,1", (200, 0, 400, 200)),
    ],
)
def test_a_square_of_a_wide_image_is_where_its_focal_point_is(focus: str, box: tuple[int, ...]) -> None:
    assert crop_box(Target("x", 100, 100, "cover", focus), 400, 200) == box


@given(SIDES, SIDES, st.integers(1, 300), st.integers(1, 300), PARTS, PARTS)
def test_a_crop_shows_its_focal_point_and_stays_within_the_image(
    width: int, height: int, across: int, down: int, x: float, y: float
) -> None:
    focus = check_focus(f"{x:.6f},{y:.6f}")
    left, top, right, bottom = crop_box(Target("x", across, down, "cover", focus), width, height)
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    place = focal_point(focus)[0] * width, focal_point(focus)[1] * height
    assert left - 1e-6 <= place[0] <= right + 1e-6
    assert top - 1e-6 <= place[1] <= bottom + 1e-6


def test_a_whole_image_has_no_use_for_a_focal_point() -> None:
    assert crop_box(Target("x", 10, 5, "contain", "0.1,0.1"), 400, 200) == (0, 0, 400, 200)


@pytest.mark.parametrize("orientation", [1, 6, 8])
def test_a_focal_point_is_one_of_the_upright_image(
    orientation: int, rendered: Render, alike: Compare
) -> None:
    upright = scene()
    data = encoded(stored_in(upright, orientation), "PNG", exif=exif(orientation))
    side = min(upright.size)
    shown = rendered(data, (side, side), fit="cover", gravity="0.9,0.5")
    alike(shown, upright.crop((upright.width - side, 0, upright.width, side)), 0.5)
