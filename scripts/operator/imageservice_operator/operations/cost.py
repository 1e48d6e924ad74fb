"""What the service costs: quantities that were counted, at the prices of prices.json, line by line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from imageservice_operator.operations import prices
from imageservice_operator.operations.standing import HOURS
from imageservice_operator.operations.usage import Usage

LEFT_OUT = (
    "The account's free tiers, but for those of CloudFront, which never end; discounts, taxes and support.",
    "Traffic from API Gateway to CloudFront or to viewers who read without it ($0.09 per GB).",
    "DynamoDB's storage and its point-in-time recovery ($0.45 per GB and month; an image takes about 3 KB).",
    "Originals that were replaced, for the days that the bucket keeps them.",
    "Log storage beyond a month ($0.03 per GB and month), access logs, queries of the dashboard's tables.",
    "KMS requests with a key of your own, AWS WAF, messages about failures, failures and their replays.",
)

# A 12-megapixel photo with the default plan, counted in a local stack on 2026-11-26; the GB-seconds are an estimate for
# arm64 in Lambda. For estimates where a stack has no upload of its own yet.
TYPICAL_UPLOAD = Usage(
    0,
    {
        "state_transition": 13,
        "lambda_request": 7,
        "lambda_gb_second": 4.63,
        "dynamodb_write_unit": 11,
        "dynamodb_read_unit": 4,
        "s3_put": 16,
        "s3_get": 6,
        "sqs_request": 15,
        "event": 1,
        "log_gb": 9e-6,
    },
    2_000_000,
    1_300_000,
)
# What a run of ReprocessImages adds for each original: its Distributed Map, and one small invocation.
_SELECTED = {"state_transition": 3, "lambda_request": 1, "lambda_gb_second": 0.025, "dynamodb_read_unit": 1}
# What a replacement takes beyond a first upload, without its purge: the old renditions are retired.
_RETIRED = {"state_transition": 1, "lambda_request": 1, "lambda_gb_second": 0.25, "s3_put": 15, "s3_get": 15}


# The same, without what depends on the number of sizes (calls that resize) and of renditions.
_MADE_AGAIN = {
    "state_transition": 12,
    "lambda_request": 4,
    "lambda_gb_second": 0.1,
    "dynamodb_write_unit": 13,
    "dynamodb_read_unit": 2,
    "s3_get": 1,
    "event": 1,
    "log_gb": 11e-6,
}
_RETIRED_EACH = {"lambda_gb_second": 0.25 / 15, "s3_put": 1, "s3_get": 1}
_RESIZED_EACH = {"state_transition": 1, "lambda_request": 1, "s3_get": 1, "sqs_request": 3}


@dataclass(frozen=True)
class Line:
    """One line of a bill in dollars: `quantity` at `price` each."""

    name: str
    quantity: float
    price: float

    @property
    def dollars(self) -> float:
        return self.quantity * self.price

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "dollars": self.dollars}


@dataclass(frozen=True)
class Bill:
    """Lines and their sum."""

    name: str
    lines: Sequence[Line]

    @property
    def total(self) -> float:
        return sum(line.dollars for line in self.lines)

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "total": self.total, "lines": [line.as_json() for line in self.lines]}


@dataclass(frozen=True)
class Month:
    """What a month holds. Of the uploads, `replaced` is the share that replaces an image.

    CloudFront answers the share `edge_hit_rate` of the redirects, and all but the first request for a rendition, which
    has `kilobytes`. Without a `cdn`, every read is a redirect of the API, and S3 sends the rendition.
    """

    uploads: int
    reads: int
    replaced: float = 0.05
    edge_hit_rate: float = 0.9
    kilobytes: float = 60
    cdn: bool = True


def bill(name: str, quantities: Mapping[str, float]) -> Bill:
    """The quantities at their prices, the most expensive line first; those without a price are left out."""
    known = prices.prices()
    lines = [
        Line(f"{known[each].service}, {known[each].unit}", quantity, known[each].usd)
        for each, quantity in quantities.items()
        if each in known
    ]
    return Bill(name, sorted(lines, key=lambda line: -line.dollars))


def per_upload(usage: Usage) -> Bill:
    return bill("one upload", usage.quantities)


def per_redirect(usage: Usage) -> Bill:
    return bill("one redirect", usage.quantities)


def at_rest(quantities: Mapping[str, float]) -> Bill:
    return bill("a month at rest", quantities)


def per_month(month: Month, upload: Usage, redirect: Usage, resting: Mapping[str, float]) -> Bill:
    """A month of the whole service. Lines that say "beyond" leave out a free tier, one for the whole account."""
    passing = month.reads * (1 - month.edge_hit_rate if month.cdn else 1)
    stored = (upload.original_bytes + upload.rendition_bytes) / 1e9
    first, replacing = month.uploads * (1 - month.replaced), month.uploads * month.replaced
    lines = [
        Line("At rest: metrics, alarms, dashboard, cache, reconciler", 1, at_rest(resting).total),
        Line("Uploads", first, per_upload(upload).total),
        Line("Replacements", replacing, replacement(upload).total),
        Line("Redirects that the API answers", passing, per_redirect(redirect).total),
        Line("S3, GB of this month's originals and renditions", first * stored, prices.usd("s3_gb_month")),
    ]
    return Bill(
        f"a month of {month.uploads:,} uploads and {month.reads:,} reads",
        [*lines, *(_cloudfront(month, replacing) if month.cdn else ())],
    )


def per_hour(
    uploads: int, redirects: int, upload: Usage, redirect: Usage, resting: Mapping[str, float]
) -> Bill:
    """An hour with so many uploads and redirects that the API answered; without storage, CloudFront and traffic."""
    return Bill(
        "an hour like the last one",
        [
            Line("At rest: metrics, alarms, dashboard, cache, reconciler", 1, at_rest(resting).total / HOURS),
            Line("Uploads", uploads, per_upload(upload if upload.sample else TYPICAL_UPLOAD).total),
            Line("Redirects that the API answers", redirects, per_redirect(redirect).total),
        ],
    )


def _cloudfront(month: Month, purges: float) -> list[Line]:
    # Each image shown is two requests: the redirect and the rendition.
    requests = 2 * month.reads
    gigabytes = month.reads * month.kilobytes / 1e6
    return [
        _beyond("invalidations", purges, prices.INVALIDATION_FREE_PATHS, "invalidation_path"),
        _beyond("requests", requests, prices.CLOUDFRONT_FREE_REQUESTS, "cloudfront_request"),
        _beyond(
            "runs of its function", requests, prices.CLOUDFRONT_FREE_FUNCTION_RUNS, "cloudfront_function"
        ),
        _beyond("GB", gigabytes, prices.CLOUDFRONT_FREE_GB, "cloudfront_gb"),
    ]


def _beyond(what: str, quantity: float, free: int, price: str) -> Line:
    return Line(f"CloudFront, {what} beyond the free {free:,}", max(0.0, quantity - free), prices.usd(price))


def replacement(upload: Usage) -> Bill:
    """An upload that replaces an image, without its purge, which has a line of its own."""
    return bill("one replacement", _sum(upload.quantities, _RETIRED))


def reprocessing(made: int, left_alone: int, upload: Usage) -> float:
    """Dollars of a run of ReprocessImages. Its one purge is a path of the month's free ones; `purging` has others."""
    selected = bill("one original", _SELECTED).total
    return made * (replacement(upload).total + selected) + left_alone * selected


def purging(paths: int) -> float:
    """Dollars of so many purges, as if the month's free ones were used up."""
    return paths * prices.usd("invalidation_path")


def made_again(before: int, after: int, resizes: int, gb_seconds: float) -> dict[str, float]:
    """What one image of a run of ReprocessImages takes: by how many renditions it has before and after, and how many
    calls made those, in so many GB-seconds."""
    return _sum(
        _MADE_AGAIN,
        {"s3_put": after, "lambda_gb_second": gb_seconds},
        *[_RESIZED_EACH] * resizes,
        *[_RETIRED_EACH] * before,
    )


def left_alone(originals: int) -> float:
    """Dollars of looking at originals that a run of ReprocessImages leaves alone."""
    return originals * bill("one original", _SELECTED).total


def _sum(*all_quantities: Mapping[str, float]) -> dict[str, float]:
    names = {name for quantities in all_quantities for name in quantities}
    return {name: sum(quantities.get(name, 0) for quantities in all_quantities) for name in names}
