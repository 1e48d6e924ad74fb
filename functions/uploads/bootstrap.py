"""What UploadsFunction works with, made once per process; tests replace `writes`."""

from functools import cache

from imageservice.adapters.audit_table import AuditTable
from imageservice.adapters.aws_clients import client
from imageservice.adapters.link_keys import link_keys
from imageservice.adapters.settings import settings
from imageservice.adapters.source_bucket import Originals
from imageservice.core.access import AccessRules
from imageservice.http.signed_links import LinkSigner
from uploads.requests import Writes


@cache
def writes() -> Writes:
    config = settings()
    originals = Originals(client("s3"), config.source_bucket, config.max_bytes)
    keys = link_keys(config.link_key, config.link_public_keys)
    return Writes(
        originals,
        AuditTable(client("dynamodb"), config.audit_table),
        config.jwt_prefix_claim,
        AccessRules.from_text(config.access_rules),
        LinkSigner(keys) if config.link_key else None,
    )
