"""Profiles made to be slow cost nothing; colors come from their other tags, as in browsers."""

import time

from bombs import icc
from PIL import Image

from imageservice.engine.pixels.color import to_srgb
from imageservice.engine.pixels.icc_bounds import MAX_PROFILE, bounded
from imageservice.engine.pixels.icc_profile import SRGB, from_gamma

PROFILE = from_gamma(0.3, SRGB, gray=False)


def test_an_ordinary_profile_stays_as_it_is() -> None:
    assert bounded(PROFILE) == PROFILE


def test_a_profile_in_half_a_million_steps_is_read_by_its_other_tags() -> None:
    began = time.thread_time()
    orange = Image.new("RGB", (4, 4), (250, 120, 10))
    assert to_srgb(orange, icc.endless_elements(500_000)).getpixel((0, 0)) == (250, 120, 10)
    assert time.thread_time() - began < 2


def test_a_table_beyond_the_bound_is_ignored_and_one_within_is_used() -> None:
    orange = Image.new("RGB", (4, 4), (250, 120, 10))
    assert to_srgb(orange, icc.huge_table(17)).getpixel((0, 0)) != (250, 120, 10)
    large = icc.huge_table(140)
    assert len(large) > MAX_PROFILE
    assert to_srgb(orange, large).getpixel((0, 0)) == (250, 120, 10)


def test_a_table_of_tags_that_goes_on_and_on_is_ignored() -> None:
    assert bounded(icc.many_tags(1_000)) is None
    assert bounded(PROFILE[:140]) is None
    assert bounded(b"") is None
