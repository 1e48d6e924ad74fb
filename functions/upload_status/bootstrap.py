"""What UploadStatusFunction works with, made once per process; tests replace what is here."""

from functools import cache

from imageservice.adapters.aws_clients import client
from imageservice.adapters.image_table import ImageTable
from imageservice.adapters.link_keys import link_keys
from imageservice.adapters.settings import settings
from imageservice.adapters.source_versions import SourceVersions
from imageservice.core.access import AccessRules
from imageservice.http.signed_links import LinkSigner
from upload_status.states import UploadStates


@cache
def states() -> UploadStates:
    config = settings()
    table = ImageTable(client("dynamodb"), config.image_table)
    return UploadStates(table, SourceVersions(client("s3"), config.source_bucket))


@cache
def access() -> AccessRules | None:
    """Which ids are private; None if none are."""
    return AccessRules.from_text(settings().access_rules)


@cache
def signer() -> LinkSigner:
    """Checks links; this function signs none, and has no private key."""
    return LinkSigner(link_keys("", settings().link_public_keys))
