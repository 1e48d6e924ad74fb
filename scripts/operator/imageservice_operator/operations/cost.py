"""What the service costs to run, added up line by line from published prices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from imageservice_operator.operations import prices

# What a first upload does in 5 sizes × 3 formats.
TRANSITIONS = 14
_SIZES, _FORMATS = 5, 3
_TABLE_WRITES = 3  # register, record, mark ready; each writes the index, too
_INDEX_FACTOR = 2
_EVENTS = 1  # ImageReady
# State transitions that a replacement adds: retire.
_REPLACED = 1
# Estimated for a 12-megapixel photo with the default plan: GB-seconds of a call. The dashboard has your own.
_RESIZE_GB_S = 2.0 * 0.45
_INSPECT_GB_S = 1.0 * 0.12
_REFRESH_GB_S = 0.5 * 0.02
_READER_GB_S = 1.769 * 0.004
_CACHE_HIT_RATE = 0.95
_MEGABYTES_STORED = 1.3  # all renditions of a photo; the original is on top
# Compared with: what AWS's own solution costs per month, as its documentation says.
PEERS = (
    ("AWS Dynamic Image Transformation, 10 M requests a month", 203.0),
    ("AWS Dynamic Image Transformation, 125 M requests a month", 249.0),
    ("AWS Dynamic Image Transformation, 500 M requests a month", 1192.0),
)


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


def per_upload() -> Bill:
    """The first upload of an image, with the default plan."""
    return Bill(
        "one upload",
        (
            Line("Step Functions, state transitions", TRANSITIONS, prices.STATE_TRANSITION),
            Line("Lambda, requests", 1 + _SIZES + 1, prices.LAMBDA_REQUEST),
            Line(
                "Lambda, GB-seconds (arm64)",
                _INSPECT_GB_S + _SIZES * _RESIZE_GB_S + _REFRESH_GB_S,
                prices.LAMBDA_GB_SECOND_ARM,
            ),
            Line("DynamoDB, writes", _TABLE_WRITES * _INDEX_FACTOR, prices.DYNAMODB_WRITE),
            Line("S3, puts", 1 + _SIZES * _FORMATS, prices.S3_PUT),
            Line("S3, gets", 2 + _SIZES, prices.S3_GET),
            Line("EventBridge, ImageReady", _EVENTS, prices.EVENTBRIDGE_CUSTOM_EVENT),
        ),
    )


def per_read(*, cache: bool = False) -> Bill:
    """One redirect that CloudFront does not answer from its own cache. A `cache` spares most of the table's reads."""
    return Bill(
        "one redirect",
        (
            Line("HTTP API", 1, prices.HTTP_API_REQUEST),
            Line("Lambda, requests", 1, prices.LAMBDA_REQUEST),
            Line("Lambda, GB-seconds (arm64)", _READER_GB_S, prices.LAMBDA_GB_SECOND_ARM),
            Line("DynamoDB, reads", 1 - (_CACHE_HIT_RATE if cache else 0), prices.DYNAMODB_READ),
        ),
    )


def per_month(
    uploads: int,
    reads: int,
    *,
    cache: bool = False,
    replaced: float = 0.05,
    edge_hit_rate: float = 0.9,
    kilobytes: float = 60,
) -> Bill:
    """A month of `uploads` and `reads` (images shown), in which `replaced` of the uploads replace an image.

    CloudFront answers `edge_hit_rate` of the redirects, and the renditions themselves, of `kilobytes` each. `cache`
    adds Valkey Serverless. Lines that say "beyond" leave out the free tier, which is one for the whole AWS account.
    """
    upload, read = per_upload(), per_read(cache=cache)
    redirects = reads * (1 - edge_hit_rate)
    gigabytes = reads * kilobytes / 1e6
    paths = max(0.0, uploads * replaced - prices.INVALIDATION_FREE_PATHS)
    return Bill(
        f"a month of {uploads:,} uploads and {reads:,} reads",
        (
            Line("Uploads", uploads, upload.total),
            Line(
                f"Invalidations of replaced images, beyond the free {prices.INVALIDATION_FREE_PATHS:,}",
                paths,
                prices.INVALIDATION_PATH,
            ),
            Line("Redirects past CloudFront's cache", redirects, read.total),
            # Each image shown is two requests: the redirect and the rendition.
            Line(
                f"CloudFront, requests beyond the free {prices.CLOUDFRONT_FREE_REQUESTS:,}",
                max(0.0, 2 * reads - prices.CLOUDFRONT_FREE_REQUESTS),
                prices.CLOUDFRONT_REQUEST,
            ),
            Line(
                f"CloudFront, GB beyond the free {prices.CLOUDFRONT_FREE_GB:,}",
                max(0.0, gigabytes - prices.CLOUDFRONT_FREE_GB),
                prices.CLOUDFRONT_GB,
            ),
            Line("S3, GB of renditions, this month's", uploads * _MEGABYTES_STORED / 1e3, prices.S3_GB_MONTH),
            *([Line("Valkey Serverless, at least", 1, prices.VALKEY_SERVERLESS_MONTH)] if cache else []),
        ),
    )


def replacement_cost(images: int) -> float:
    """Dollars that a run over `images` costs more than as many first uploads: the old renditions are retired.

    The run's one purge is a path of the month's free ones.
    """
    each = _REPLACED * prices.STATE_TRANSITION + _SIZES * _FORMATS * prices.S3_PUT + prices.LAMBDA_REQUEST
    return images * each


def renditions_cost(transitions: int) -> float:
    """Dollars for so many state transitions and one small Lambda call: what a reprocessing adds for each original."""
    return (
        transitions * prices.STATE_TRANSITION
        + prices.LAMBDA_REQUEST
        + 0.5 * 0.05 * prices.LAMBDA_GB_SECOND_ARM
    )
