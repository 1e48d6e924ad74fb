"""Names that are derived from the upload."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageservice.core.keys import (
    ALL_IMAGES,
    DIGEST,
    PRIVATE_PLAN,
    answer_tags,
    cache_tag,
    digest,
    digest_of,
    is_private,
    rendition_key,
    run_tag,
    source_identity,
)

PATHS = st.text(st.sampled_from("aÄ,#/"), max_size=300)


def test_the_version_tells_uploads_apart_and_the_etag_where_there_is_none() -> None:
    assert source_identity({"version_id": "v1", "etag": "e"}) == "v1"
    assert source_identity({"etag": "e"}) == "e"


def test_the_same_upload_under_the_same_plan_and_engine_has_the_same_digest() -> None:
    assert digest("v1", "plan", "1") == digest("v1", "plan", "1")


@pytest.mark.parametrize("changed", [("v2", "plan", "1"), ("v1", "plan2", "1"), ("v1", "plan", "2")])
def test_another_upload_plan_or_engine_has_another_digest(changed: tuple[str, str, str]) -> None:
    assert digest(*changed) != digest("v1", "plan", "1")


def test_a_digest_is_16_hex_digits() -> None:
    assert len(digest("v1", "plan", "1")) == 16
    int(digest("v1", "plan", "1"), 16)


def test_the_digest_of_a_private_plan_can_never_be_one_of_a_public_plan() -> None:
    private = digest("v1", PRIVATE_PLAN + "plan", "1")
    assert is_private(private)
    assert re.fullmatch(DIGEST, private)
    assert not is_private(digest("v1", "plan", "1"))
    assert digest_of(rendition_key("a/b.jpg", private, "w320", "webp")) == private


def test_a_rendition_key_carries_the_id_unchanged() -> None:
    key = rendition_key("a b+c%20é/ü.jpg", "0123456789abcdef", "w320", "jpeg")
    assert key == "a b+c%20é/ü.jpg/0123456789abcdef/w320.jpg"


def test_cache_tags_tell_apart_ids_that_differ_in_case_alone() -> None:
    assert cache_tag("A.jpg").lower() != cache_tag("a.jpg").lower()


def test_a_cache_tag_is_visible_ascii_without_commas_and_at_most_256_long() -> None:
    tag = cache_tag("ü, " * 300)
    assert len(tag) <= 256
    assert all(33 <= ord(letter) <= 126 and letter != "," for letter in tag)


@given(PATHS, PATHS)
def test_whatever_a_runs_prefix_selects_has_the_runs_tag(prefix: str, rest: str) -> None:
    assert run_tag(prefix) in answer_tags(prefix + rest).split(",")


@given(PATHS)
def test_an_answer_has_at_most_the_fifty_tags_that_cloudfront_reads(image_id: str) -> None:
    tags = answer_tags(image_id).split(",")
    assert len(tags) <= 50
    assert tags[0] == cache_tag(image_id)
    assert all(33 <= ord(letter) <= 126 for tag in tags for letter in tag)


def test_a_runs_tag_is_that_of_its_folder_and_of_no_folder_beside_it() -> None:
    assert run_tag("") == run_tag("sh") == ALL_IMAGES
    assert run_tag("shop/shoes/") == run_tag("shop/shoes/red")
    assert run_tag("shop/shoes/") not in answer_tags("shop/hats/red.jpg").split(",")


def test_a_focal_point_has_a_digest_of_its_own_and_none_changes_nothing() -> None:
    assert digest("v1", "plan", "1", "0.5,0.1") not in {
        digest("v1", "plan", "1"),
        digest("v1", "plan", "1", "0.5,0.2"),
    }
    assert digest("v1", "plan", "1", "") == digest("v1", "plan", "1")
    assert digest("v1", "plan", "1") == "03f0376e4bad782f"  # of a version without focal points
