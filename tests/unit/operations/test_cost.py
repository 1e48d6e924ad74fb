"""Bills are quantities at the prices of one table, and sums."""

from urllib.parse import urlsplit

import pytest

from imageservice_operator.operations import cost, prices
from imageservice_operator.operations.cost import TYPICAL_UPLOAD, Month
from imageservice_operator.operations.usage import NOTHING, Usage

REDIRECT = Usage(1, {"http_api_request": 1, "lambda_request": 1})


def month(uploads: int, reads: int, *, replaced: float = 0, cdn: bool = True) -> cost.Bill:
    return cost.per_month(Month(uploads, reads, replaced, cdn=cdn), TYPICAL_UPLOAD, REDIRECT, {})


def test_every_price_has_a_page_of_aws_as_its_source() -> None:
    for price in prices.prices().values():
        assert price.usd > 0
        assert urlsplit(price.source).hostname == "aws.amazon.com", price.name


def test_the_table_says_of_which_day_and_region_it_is() -> None:
    assert (prices.region(), len(prices.date())) == ("us-east-1", len("2026-11-26"))


def test_a_line_is_its_quantity_at_its_price() -> None:
    (line,) = cost.bill("one upload", {"state_transition": 14}).lines
    assert line.dollars * 1_000_000 == pytest.approx(350)


def test_a_bill_begins_with_what_costs_most_and_ends_in_the_sum() -> None:
    bill = cost.per_upload(TYPICAL_UPLOAD)
    dollars = [line.dollars for line in bill.lines]
    assert dollars == sorted(dollars, reverse=True)
    assert bill.total == pytest.approx(sum(dollars))


def test_every_quantity_of_a_typical_upload_has_a_price() -> None:
    assert TYPICAL_UPLOAD.quantities.keys() <= prices.prices().keys()


def test_a_first_upload_pays_for_no_invalidation() -> None:
    (line,) = [line for line in month(1_000_000, 0).lines if "invalidations" in line.name]
    assert line.dollars == 0


def test_replacements_beyond_the_free_paths_pay_for_one_each() -> None:
    (line,) = [line for line in month(1_000_000, 0, replaced=0.5).lines if "invalidations" in line.name]
    assert line.quantity == 500_000 - prices.INVALIDATION_FREE_PATHS


def test_an_idle_month_costs_what_the_stack_costs_at_rest() -> None:
    resting = {"dashboard_month": 1, "metric_month": 10}
    assert cost.per_month(Month(0, 0), TYPICAL_UPLOAD, REDIRECT, resting).total == pytest.approx(6)


def test_without_a_cdn_every_read_is_the_apis() -> None:
    (line,) = [line for line in month(0, 1000, cdn=False).lines if line.name.startswith("Redirects")]
    assert line.quantity == 1000
    assert not [line for line in month(0, 1000, cdn=False).lines if "CloudFront" in line.name]


def test_what_was_not_counted_costs_nothing() -> None:
    assert cost.per_redirect(NOTHING).total == 0


def test_what_has_no_price_is_left_out() -> None:
    assert cost.at_rest({"cache.z9.huge": 730}).lines == []


def test_a_run_over_a_million_images_pays_for_no_path_each() -> None:
    run = cost.reprocessing(1_000_000, 0, TYPICAL_UPLOAD)
    assert run < 1_000_000 * prices.usd("invalidation_path") / 3
    assert cost.reprocessing(0, 1_000_000, TYPICAL_UPLOAD) < run / 5
