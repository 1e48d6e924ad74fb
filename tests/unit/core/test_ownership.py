"""Which ids the bearer of a token may write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageservice.core.errors import WriteForbidden
from imageservice.core.ownership import check_may_write


def may(image_id: str, rule: str, **claims: str) -> bool:
    try:
        check_may_write(image_id, rule, claims)
    except WriteForbidden:
        return False
    return True


def test_without_a_rule_every_id_may_be_written() -> None:
    assert may("anything.jpg", "")


def test_a_template_takes_every_claim_in_it() -> None:
    rule = "{org}/users/{sub}/"
    assert may("acme/users/ann/a.jpg", rule, org="acme", sub="ann")
    assert not may("acme/users/bob/a.jpg", rule, org="acme", sub="ann")
    assert not may("acme/users/ann/a.jpg", rule, sub="ann")


@pytest.mark.parametrize("claim", ["[shop/ news/]", "shop/, news/", "news/"])
def test_a_claim_may_list_the_prefixes_itself(claim: str) -> None:
    assert may("news/a.jpg", "image_prefixes", image_prefixes=claim)
    assert not may("users/a.jpg", "image_prefixes", image_prefixes=claim)


@pytest.mark.parametrize("claim", ["", "[]", "[ ]", ","])
def test_an_empty_claim_permits_nothing(claim: str) -> None:
    assert not may("a.jpg", "image_prefixes", image_prefixes=claim)
    assert not may("a.jpg", "another")


def test_the_message_says_what_is_permitted() -> None:
    with pytest.raises(WriteForbidden, match="begin with users/ann/"):
        check_may_write("users/bob/a.jpg", "users/{sub}/", {"sub": "ann"})
    with pytest.raises(WriteForbidden, match="no usable claim"):
        check_may_write("users/bob/a.jpg", "users/{sub}/", {})


@given(one=st.text(min_size=1), other=st.text(min_size=1), rest=st.text())
def test_no_two_bearers_share_an_id(one: str, other: str, rest: str) -> None:
    """Whatever their claims are: slashes, dots, braces, prefixes of each other."""
    image_id = f"users/{one}/{rest}"
    if one != other and may(image_id, "users/{sub}/", sub=one):
        assert not may(image_id, "users/{sub}/", sub=other)
