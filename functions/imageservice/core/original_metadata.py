"""What the service notes in an original's own metadata (x-amz-meta-…), where it costs no request and lives as long."""

from urllib.parse import quote

from imageservice.core.audit import Actor, as_stored

UPLOADED_BY = "uploaded-by"
"""Who stored it, and via what."""
RESTORED_FROM = "restored-from"
"""The version that this one is a copy of, brought back by an operator."""
_LONGEST = 1000  # S3 takes 2 kB of names and values


def uploaded_by(actor: Actor) -> dict[str, str]:
    """The metadata that says who stored an original; in ASCII, as S3 demands it."""
    return {UPLOADED_BY: quote(f"{as_stored(actor.who)} ({actor.via})", safe=" /:@()+=,.|")[:_LONGEST]}
