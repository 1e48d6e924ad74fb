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


def test_an_idle_month_costs_the_cache_alone() -> None:
    assert cost.per_month(0, 0).total == pytest.approx(6)


def test_making_a_million_images_again_behind_cloudfront_pays_a_path_for_each_but_the_free_ones() -> None:
    with_cdn, without = (cost.replacement_cost(1_000_000, cdn=cdn) for cdn in (True, False))
    paths = (1_000_000 - prices.INVALIDATION_FREE_PATHS) * prices.INVALIDATION_PATH
    assert with_cdn - without > paths
