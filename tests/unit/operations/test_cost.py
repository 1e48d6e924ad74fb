"""Bills add up to what the design promises."""

import pytest

from imageservice_operator.operations import cost, prices


def test_state_transitions_of_a_million_uploads_are_350_dollars() -> None:
    (line,) = [line for line in cost.per_upload().lines if "transitions" in line.name]
    assert line.dollars * 1_000_000 == pytest.approx(350)


def test_total_is_the_sum_of_the_lines() -> None:
    bill = cost.per_month(1000, 1000)
    assert bill.total == pytest.approx(sum(line.dollars for line in bill.lines))


def test_a_first_upload_pays_for_no_invalidation() -> None:
    (line,) = [line for line in cost.per_month(1_000_000, 0, replaced=0).lines if "Invalidation" in line.name]
    assert line.dollars == 0


def test_an_idle_month_costs_nothing_but_the_cache_if_there_is_one() -> None:
    assert cost.per_month(0, 0).total == 0
    assert cost.per_month(0, 0, cache=True).total == pytest.approx(6)


def test_a_line_within_the_free_tier_says_what_is_free() -> None:
    zero = [line.name for line in cost.per_month(100, 100).lines if line.quantity == 0]
    assert zero == [
        "Invalidations of replaced images, beyond the free 1,000",
        "CloudFront, requests beyond the free 10,000,000",
        "CloudFront, GB beyond the free 1,000",
    ]


def test_a_cache_spares_the_tables_reads() -> None:
    (without,), (cached,) = (
        [line.quantity for line in cost.per_read(cache=cache).lines if line.name == "DynamoDB, reads"]
        for cache in (False, True)
    )
    assert (without, cached) == pytest.approx((1, 0.05))


def test_making_a_million_images_again_pays_for_no_path_each() -> None:
    assert cost.replacement_cost(1_000_000) < 1_000_000 * prices.INVALIDATION_PATH / 10
