"""What a new plan would do, in numbers: sums from samples, their confidence, prices, and which images come first."""

from __future__ import annotations

import random

import pytest

from imageservice.core.rendition_plan import RenditionPlan
from imageservice_operator.operations import cost
from imageservice_operator.operations.errors import BadRequest
from imageservice_operator.operations.plan_apply import LEAST_CANARY, MOST_CANARY, Canary
from imageservice_operator.operations.plan_changes import changes
from imageservice_operator.operations.plan_effect import Effect, Sampled, in_turn
from imageservice_operator.operations.plan_estimate import Estimate, student


def test_a_sample_of_all_is_exact() -> None:
    assert Estimate.of([1, 2, 6], 3) == Estimate(9, 0.0)
    assert Estimate.of([], 0) == Estimate(0.0, 0.0)


def test_a_sample_of_one_says_nothing_about_its_confidence() -> None:
    assert Estimate.of([5], 10) == Estimate(50, None)
    assert Estimate.sum([Estimate.of([5], 10), Estimate(1, 0.0)]) == Estimate(51, None)


@pytest.mark.parametrize("number", [3, 5, 10, 30])
def test_the_true_sum_lies_within_the_margin_about_as_often_as_it_says(number: int) -> None:
    chance = random.Random(number)
    population = [chance.gauss(100, 40) for _ in range(200)]
    hits = 0
    for _ in range(2000):
        estimate = Estimate.of(chance.sample(population, number), len(population))
        assert estimate.margin is not None
        hits += abs(estimate.total - sum(population)) <= estimate.margin
    assert 0.93 <= hits / 2000 <= 0.97


@pytest.mark.parametrize(
    ("freedom", "quantile"),
    [(1, 12.706), (2, 4.303), (3, 3.182), (5, 2.571), (9, 2.262), (30, 2.042), (1000, 1.962)],
)
def test_students_quantiles_are_those_of_the_tables(freedom: int, quantile: float) -> None:
    assert student(freedom) == pytest.approx(quantile, rel=0.008)


def test_margins_of_rules_add_up_in_squares() -> None:
    assert Estimate.sum([Estimate(1, 3.0), Estimate(2, 4.0)]) == Estimate(3, 5.0)


def test_an_image_of_the_default_plan_costs_as_much_as_a_reprocessing_says() -> None:
    typical = cost.TYPICAL_UPLOAD
    made = cost.bill("one", cost.made_again(15, 15, 5, typical.quantities["lambda_gb_second"])).total
    # A reprocessing is counted as an upload, whose put it has not, and which is 5 millionths.
    assert made == pytest.approx(cost.reprocessing(1, 0, typical), rel=0.06)
    assert cost.made_again(15, 15, 5, 0)["state_transition"] == 13 + 1 + 3


def test_an_image_that_becomes_private_costs_a_purge_more_and_no_transition() -> None:
    public, private = (Effect({"PROCESS": 1}, {"": 1}, ["a"], [Sampled("a", "", [])], n) for n in (0, 1))
    assert private.dollars.total - public.dollars.total == pytest.approx(0.005)
    assert private.transitions == public.transitions


@pytest.mark.parametrize("text", ["0%", "101%", "", "x" * 1025, "1e9%", "0.0000000%"])
def test_a_canary_that_is_no_share_and_no_prefix_is_refused(text: str) -> None:
    if text in ("1e9%", "0.0000000%"):  # a prefix may contain a percent sign
        assert Canary.of(text).prefix == text
        return
    with pytest.raises(BadRequest):
        Canary.of(text)


def test_a_canary_is_a_share_of_the_images_within_bounds_and_the_same_each_time() -> None:
    keys = [f"{folder}/{number}" for folder in ("a", "b") for number in range(5000)]
    one_percent = Canary.of("1%").chosen(keys)
    assert (len(one_percent), one_percent) == (100, Canary.of("1.0%").chosen(keys[::-1]))
    assert 30 < sum(key.startswith("a/") for key in one_percent) < 70
    assert len(Canary.of("100%").chosen(keys)) == MOST_CANARY
    assert len(Canary.of("1%").chosen(keys[:20])) == LEAST_CANARY
    assert sorted(Canary.of("a/12").chosen(keys)) == sorted(key for key in keys if key.startswith("a/12"))
    assert Canary.of("a/").chosen([]) == []
    with pytest.raises(BadRequest, match="no image whose id begins with 'c/'"):
        Canary.of("c/").chosen(keys)  # a slip of the keyboard must not mean that there is no canary


def test_a_page_of_a_few_samples_has_the_first_one_of_every_rule() -> None:
    assert in_turn([["a1", "a2", "a3"], [], ["b1"], ["c1", "c2"]]) == ["a1", "b1", "c1", "a2", "c2", "a3"]
    assert in_turn([]) == []


def test_changes_name_what_links_will_miss_and_leave_out_rules_that_make_the_same() -> None:
    default = {"formats": ["fallback"], "sizes": [{"name": "w", "width": 9}, {"name": "x", "width": 10}]}
    old = RenditionPlan.from_document(default)
    new = RenditionPlan.from_document(
        {
            "default": default,
            "rules": [
                {"prefix": "same/", "light": "linear"},
                {
                    "prefix": "a/",
                    "sizes": [
                        {"name": "w", "width": 8, "height": 8, "fit": "cover"},
                        {"name": "y", "width": 11},
                    ],
                    "formats": ["webp", "fallback"],
                    "quality": {"webp": 50},
                    "light": "gamma",
                },
            ],
        }
    )
    (change,) = changes(old, new)
    assert (change.prefix, change.added, change.removed) == ("a/", ["y 11"], ["x"])
    assert change.changed == [
        "w 9 → w 8×8 cover",
        "formats fallback → webp, fallback",
        "quality measured defaults → webp 50",
        "light linear → gamma",
    ]
    assert [each.prefix for each in changes(new, old)] == ["a/"]
    assert changes(new, new) == []
