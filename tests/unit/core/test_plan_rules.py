"""Rules by prefix: which plan an image has, and what a document of rules may hold."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageservice.adapters.plan_loader import load_plan
from imageservice.core.access import AccessRules
from imageservice.core.errors import PlanInvalid
from imageservice.core.keys import PRIVATE_PLAN
from imageservice.core.manifest import Manifest, Rendition
from imageservice.core.negotiation import RenditionQuery, choose
from imageservice.core.original import Original
from imageservice.core.rendition_plan import RenditionPlan

DEFAULT = {
    "formats": ["webp", "fallback"],
    "sizes": [{"name": "w320", "width": 320}],
    "quality": {"webp": 70},
}


def document(*rules: dict[str, Any], **more: Any) -> str:
    return json.dumps({"default": DEFAULT, "rules": rules, **more})


def of_widths(prefix: str, *widths: int) -> dict[str, Any]:
    return {"prefix": prefix, "sizes": [{"name": f"w{width}", "width": width} for width in widths]}


@pytest.mark.parametrize(
    ("image_id", "prefix"),
    [
        ("avatars/anna.jpg", "avatars/"),
        ("avatars/staff/anna.jpg", "avatars/staff/"),
        ("avatars", ""),
        ("avatars/", "avatars/"),
        ("Avatars/anna.jpg", ""),
        ("avatars-old/anna.jpg", ""),
        ("é/1.jpg", "é/"),
        ("e\u0301/1.jpg", ""),
        ("x.jpg", ""),
    ],
)
def test_the_longest_prefix_wins_in_whichever_order_the_rules_are(image_id: str, prefix: str) -> None:
    rules = [of_widths(each, len(each)) for each in ("avatars/", "é/", "avatars/staff/")]
    for ordered in (rules, rules[::-1]):
        assert load_plan(document(*ordered)).rule_for(image_id).prefix == prefix


def test_a_plan_without_rules_is_the_default_of_all_images() -> None:
    plain, spelled_out = load_plan(json.dumps(DEFAULT)), load_plan(json.dumps({"default": DEFAULT}))
    assert plain == spelled_out == load_plan(document())
    assert plain.plan_for("any/thing.jpg") == plain.default


def test_what_a_rule_leaves_out_is_as_in_the_default() -> None:
    plan = load_plan(document(of_widths("a/", 80), {"prefix": "a/b/"}, {"prefix": "c/", "quality": {}}))
    assert (plan.plan_for("a/1").formats, plan.plan_for("a/1").quality) == (
        ("webp", "fallback"),
        {"webp": 70},
    )
    assert plan.plan_for("a/b/1") == plan.default
    assert plan.plan_for("c/1").quality == {}


def test_a_rule_equal_to_the_default_leaves_its_images_alone() -> None:
    plan = load_plan(document({"prefix": "a/", **DEFAULT}))
    assert plan.plan_for("a/1").fingerprint == load_plan(json.dumps(DEFAULT)).default.fingerprint


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"rules": []}', "'default' is a required property"),
        (json.dumps({**DEFAULT, "rules": []}), "'default' is a required property|Additional properties"),
        (document(extra=1), "'extra' was unexpected"),
        (document({"prefix": "a/", "size": []}), r"\$\.rules\[0\].*'size' was unexpected"),
        (document({"sizes": [{"name": "w", "width": 9}]}), r"\$\.rules\[0\].*'prefix' is a required"),
        (document({"prefix": ""}), r"\$\.rules\[0\]\.prefix"),
        (document({"prefix": 7}), r"\$\.rules\[0\]\.prefix"),
        (document({"prefix": "a" * 970}), r"\$\.rules\[0\]\.prefix.{,250}$"),
        (document({"prefix": "é" * 600}), "1,200 bytes"),
        (document({"prefix": "\ud800"}), "not valid UTF-8"),
        (document({"prefix": "a\n"}), "control character"),
        (document({"prefix": "a/../"}), "a part that is"),
        (
            document(of_widths("a/", 1), of_widths("b/", 1), of_widths("a/", 2)),
            "two rules for the prefix 'a/'",
        ),
        (document({"prefix": "a/", "sizes": []}), r"\$\.rules\[0\]\.sizes"),
        (document({"prefix": "a/", "formats": ["avif"]}), r"\$\.rules\[0\]\.formats"),
        (document(of_widths("a/", 5, 5)), "names a size twice: w5"),
        (document(*({"prefix": f"{n}/"} for n in range(10_000))), "10,000 entries; it may have at most 100$"),
        ('{"default": 1, "default": 2}', "has the name 'default' twice"),
        ('{"formats": NaN}', "NaN is not a value of JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "is not of type 'object'"),
        ("null", "is not of type 'object'"),
    ],
)
def test_a_document_of_rules_that_is_wrong_is_refused_with_the_place_and_briefly(
    text: str, reason: str
) -> None:
    with pytest.raises(PlanInvalid, match=reason) as refused:
        load_plan(text)
    assert len(str(refused.value)) < 400


def test_the_room_for_private_prefixes_is_counted_in_bytes_of_utf_8() -> None:
    assert load_plan(document({"prefix": "漢" * 200, "access": "private"})).access_rules
    with pytest.raises(PlanInvalid, match="too many bytes"):
        load_plan(document(*({"prefix": f"{n}{'漢' * 170}", "access": "private"} for n in range(2))))


def test_a_prefix_may_end_within_a_name_that_begins_with_dots() -> None:
    assert load_plan(document(of_widths("a/.", 7))).plan_for("a/.hidden/1").sizes[0].width == 7


def test_the_widths_are_those_of_all_rules() -> None:
    assert load_plan(document(of_widths("a/", 80, 320), of_widths("b/", 81))).widths == (80, 81, 320)


widths = st.lists(st.integers(1, 2000), min_size=1, max_size=6, unique=True)


_PRIVATE, _PUBLIC = {"access": "private"}, {"access": "public"}


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        ([], ""),
        ([{"prefix": "a/", **_PUBLIC}], ""),
        ([{"prefix": "a/", **_PRIVATE}], '[["a/","private"]]'),
        ([{"prefix": "a/", **_PRIVATE}, {"prefix": "a/b/", **_PRIVATE}], '[["a/","private"]]'),
        (
            [{"prefix": "é/", **_PRIVATE}, {"prefix": "é/b/", **_PUBLIC}, {"prefix": "c/"}],
            '[["é/b/","public"],["é/","private"]]',
        ),
    ],
)
def test_readers_get_the_prefixes_with_another_access_than_the_ids_around(
    rules: list[dict[str, Any]], text: str
) -> None:
    assert load_plan(document(*rules)).access_rules == text


_ACCESS = st.sampled_from(["public", "private"])


@given(
    st.dictionaries(st.text("ab", min_size=1, max_size=3), _ACCESS, max_size=6),
    _ACCESS,
    st.text("ab", max_size=5),
)
def test_the_access_that_readers_apply_is_that_of_the_rule(
    prefixes: dict[str, str], default: str, image_id: str
) -> None:
    rules = [{"prefix": prefix, "access": access} for prefix, access in prefixes.items()]
    plan = RenditionPlan.from_document({"default": {**DEFAULT, "access": default}, "rules": rules})
    access = AccessRules.from_text(plan.access_rules)
    private = access is not None and access.private(image_id)
    assert private == (plan.plan_for(image_id).access == "private")
    assert plan.plan_for(image_id).fingerprint.startswith(PRIVATE_PLAN) == private


def test_a_plan_whose_access_has_too_many_prefixes_is_refused() -> None:
    rules = [{"prefix": f"{'x' * 20}{place:02}/", **_PRIVATE} for place in range(40)]
    with pytest.raises(PlanInvalid, match="too many bytes"):
        load_plan(document(*rules))


def test_the_default_access_leaves_the_fingerprint_as_it_was() -> None:
    assert load_plan(document(default={**DEFAULT, **_PUBLIC})) == load_plan(document())


@given(st.lists(widths, min_size=1, max_size=4), st.integers(1, 2200), st.integers(1, 2500))
def test_a_width_that_the_edge_has_rounded_chooses_what_the_width_itself_does(
    plans: list[list[int]], requested: int, across: int
) -> None:
    """The edge rounds up to a width of any plan, and drops a width above all of them (template.yaml, query())."""
    rules = [of_widths(f"{place}/", *each) for place, each in enumerate(plans[1:])]
    default = {"formats": ["fallback"], "sizes": of_widths("", *plans[0])["sizes"]}
    plan = RenditionPlan.from_document({"default": default, "rules": rules})
    rounded = min((width for width in plan.widths if width >= requested), default=None)
    for image_id in ("x", *(f"{place}/x" for place in range(len(rules)))):
        targets = plan.plan_for(image_id).targets(Original("jpeg", across, across, 1, False))
        made = [
            Rendition(size=each.name, width=each.width, height=each.height, format="jpeg", key="", bytes=1)
            for each in targets
        ]
        manifest = Manifest(id=image_id, width=across, height=across, renditions=made, aliases={})
        chosen = [choose(manifest, RenditionQuery(width=width), ()) for width in (requested, rounded)]
        assert chosen[0] == chosen[1]
