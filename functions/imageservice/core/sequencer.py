"""The order of what happens to one key, by the sequencer in S3's events: the one rule, for every write and comparison.

A sequencer is hexadecimal, usually of 18 digits, and begins with a time: `0055AED6DCD90281E5`. The older of AWS's
guides say to pad the shorter one with zeros on the left, the newer ones on the right. Where lengths are equal, both say
the same. So a sequencer is stored as it came, and

    equal lengths        compare as text
    different lengths    have no order of their own: S3 knows which version is the newest

Items from before version 0.3.0 hold 32 characters, padded on the left. That is a different length, so they need no
migration: the next upload or deletion asks S3 once.

The workflows ask with ListObjectVersions, FailureRecorder with `is_newest` (imageservice.adapters.source_bucket).

Sources: docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html (left, event versions 2.0 to
2.2); the documentation of the event in AWS's SDK for Go, and repost.aws/knowledge-center/lambda-function-idempotent
(right).
"""

KNOWN_IS_OLDER = "(size(sequencer) = :digits AND sequencer < :sequencer)"
"""A condition of DynamoDB: the item's sequencer is older than `:sequencer`, which has `:digits` digits.

`statemachine/` has the same clause.
"""


def comparable(one: str, other: str) -> bool:
    """Whether the two sequencers of a key have an order of their own."""
    return len(one) == len(other)


def is_newer(one: str, other: str) -> bool:
    """Whether `one` is newer than `other` by their own order; False if they have none."""
    return comparable(one, other) and one > other
