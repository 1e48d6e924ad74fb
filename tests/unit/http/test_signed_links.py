"""Links to private images: no change of one is a valid link."""

import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from links import OTHER_PRIVATE, OTHER_PUBLIC, PUBLIC, event, keys, request_of, signer

from imageservice.core.errors import LinkExpired, LinkInvalid, LinksUnavailable, RequestInvalid
from imageservice.core.signed_link import LONGEST_S, check_seconds

SOON = int(time.time()) + 3600
SIGNER = signer()


def link(path: str = "/images/a/1.jpg", expires: int = SOON, **parameters: str) -> str:
    return SIGNER.link("https://cdn.example", path, expires, parameters, encode_twice=False)


def test_a_link_is_for_its_path_and_parameters_until_it_expires() -> None:
    request, expires = SIGNER.check(request_of(link(size="w640")))
    assert (request["rawPath"], request["queryStringParameters"]) == ("/images/a/1.jpg", {"size": "w640"})
    assert expires == SOON


_IDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(_IDS, st.dictionaries(st.sampled_from(["size", "w", "alt", "x"]), _IDS, max_size=3))
def test_every_id_and_parameter_arrives_as_it_was_signed(image_id: str, parameters: dict[str, str]) -> None:
    request, _ = SIGNER.check(request_of(link(f"/images/{image_id}", **parameters)))
    assert request["rawPath"] == f"/images/{image_id}"
    assert (request["queryStringParameters"] or {}) == parameters


@pytest.mark.parametrize(
    "changed",
    [
        {"size": "w1920"},
        {"size": "w640,w640"},  # sent twice: API Gateway joins them
        {"expires": str(SOON + 1)},
        {"expires": f"{SOON},{SOON}"},
        {"expires": f"0{SOON}"},
        {"expires": ""},
        {"key": "K2"},
        {"key": ""},
        {"signature": ""},
        {"signature": "é"},
        {"signature": "AAAA"},
        {"added": "1"},
        {"w": "9"},
    ],
    ids=str,
)
def test_a_changed_parameter_makes_the_link_invalid(changed: dict[str, str]) -> None:
    request = request_of(link(size="w640"))
    request["queryStringParameters"] |= changed
    with pytest.raises(LinkInvalid):
        SIGNER.check(request)


@pytest.mark.parametrize("missing", ["size", "expires", "key", "signature"])
def test_a_parameter_that_is_left_out_makes_the_link_invalid(missing: str) -> None:
    request = request_of(link(size="w640"))
    del request["queryStringParameters"][missing]
    with pytest.raises(LinkInvalid):
        SIGNER.check(request)


@pytest.mark.parametrize(
    "path",
    [
        "/signed/images/a/2.jpg",
        "/signed/images/a/1.jp",
        "/signed/images/a/1.jpg/",
        "/signed/images//a/1.jpg",
        "/signed/images/a//1.jpg",
        "/signed/images/a/./1.jpg",
        "/signed/images/b/../a/1.jpg",
        "/signed/images/A/1.jpg",
        "/signed/images/a/%31.jpg",
        "/signed/images/\uff41/1.jpg",
        "/signed/metadata/a/1.jpg",
        "/signed/uploads/a/1.jpg",
        "/signed/signed/images/a/1.jpg",
        "/signed/images/a/\ud800",
    ],
    ids=ascii,
)
def test_a_signature_is_for_no_other_path(path: str) -> None:
    query = request_of(link())["queryStringParameters"]
    with pytest.raises(LinkInvalid):
        SIGNER.check(event(path, query))


def test_a_request_without_parameters_is_no_link() -> None:
    with pytest.raises(LinkInvalid):
        SIGNER.check({"rawPath": "/signed/images/a", "headers": {}})


@pytest.mark.parametrize("expires", [SOON - 7200, 0])
def test_an_expired_link_says_so(expires: int) -> None:
    with pytest.raises(LinkExpired, match="it was valid until"):
        SIGNER.check(request_of(link(expires=expires)))


def test_an_expired_link_that_was_changed_does_not_say_so() -> None:
    request = request_of(link(expires=SOON - 7200))
    request["queryStringParameters"]["expires"] = str(SOON - 7100)
    with pytest.raises(LinkInvalid):
        SIGNER.check(request)


def test_a_link_that_lasts_longer_than_any_may_is_refused_though_it_is_signed() -> None:
    with pytest.raises(LinkInvalid):
        SIGNER.check(request_of(link(expires=int(time.time()) + LONGEST_S + 3600)))


def test_the_clock_of_who_signs_may_be_a_minute_ahead() -> None:
    assert SIGNER.check(request_of(link(expires=int(time.time()) + LONGEST_S + 30)))


@pytest.mark.parametrize("seconds", [0, -1, LONGEST_S + 1, 10**12])
def test_a_lifetime_beyond_the_limits_is_refused(seconds: int) -> None:
    with pytest.raises(RequestInvalid, match="1 to 604800 seconds"):
        check_seconds(seconds)


def test_links_of_both_keys_are_valid_while_one_replaces_the_other() -> None:
    rotating = signer(OTHER_PRIVATE, K1=PUBLIC, K2=OTHER_PUBLIC)
    new = rotating.link("https://cdn.example", "/images/a", SOON, {}, encode_twice=False)
    assert "key=K2" in new
    for each in (new, link("/images/a")):
        assert rotating.check(request_of(each))


def test_a_link_by_a_retired_key_is_invalid_also_under_the_new_keys_id() -> None:
    replaced = signer(OTHER_PRIVATE, K2=OTHER_PUBLIC)
    for changed in ({}, {"key": "K2"}):
        request = request_of(link())
        request["queryStringParameters"] |= changed
        with pytest.raises(LinkInvalid):
            replaced.check(request)


@pytest.mark.parametrize(
    ("private", "reason"),
    [
        ("", "has no key"),
        ("no PEM", "not a private key"),
        (OTHER_PRIVATE, "none of the deployment's public keys"),
    ],
    ids=["none", "no key", "of no public key"],
)
def test_without_a_usable_private_key_nothing_is_signed(private: str, reason: str) -> None:
    with pytest.raises(LinksUnavailable, match=reason):
        signer(private).link("https://cdn.example", "/images/a", SOON, {}, encode_twice=False)


def test_without_keys_no_link_is_valid() -> None:
    with pytest.raises(LinkInvalid):
        signer("", K9=OTHER_PUBLIC).check(request_of(link()))


def test_a_policy_of_cloudfronts_is_no_link_and_a_link_no_policy() -> None:
    """Both are signed by one key, so neither text may be one of the other kind."""
    rendition = SIGNER.rendition_link("https://cdn.example", "a/p/w.avif", SOON)
    signature = dict(pair.split("=") for pair in rendition.partition("?")[2].split("&"))["Signature"]
    request = event(
        "/signed/renditions/a/p/w.avif", {"expires": str(SOON), "key": "K1", "signature": signature}
    )
    with pytest.raises(LinkInvalid):
        SIGNER.check(request)


def test_the_same_link_has_the_same_signature_so_that_metadata_can_be_304() -> None:
    assert link() == link()
    assert keys().sign(b"text") == keys().sign(b"text")


def test_at_the_api_itself_a_link_is_encoded_twice() -> None:
    at_the_api = SIGNER.link("https://api.example", "/images/50% é", SOON, {}, encode_twice=True)
    assert quote(quote("50% é")) in at_the_api
