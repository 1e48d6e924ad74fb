"""What ReaderFunction works with, made once per process; tests and benchmarks replace `dependencies`."""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from imageservice.adapters.cache_generation import CacheInUse, cache_name
from imageservice.adapters.item_reader import ItemReader
from imageservice.adapters.link_keys import link_keys
from imageservice.adapters.manifest_cache import configured_cache
from imageservice.adapters.no_cache import NoCache
from imageservice.adapters.presigning import presigned_download, presigned_link
from imageservice.adapters.redis_client import READER
from imageservice.adapters.settings import Settings, settings
from imageservice.core.access import AccessRules
from imageservice.http.edge import EdgeSettings
from imageservice.http.signed_links import LinkSigner
from imageservice.read_through import ReadCache, ReadThrough, Table
from reader.respond import Presign


class Dependencies(NamedTuple):
    """`presign` makes the link to a rendition's key for readers who come without the edge.

    `deadline` is the time for a whole answer, in seconds. `access` says which ids are private; None if none are.
    `signer` checks and signs the links to private images.
    """

    read_through: ReadThrough
    presign: Presign
    edge: EdgeSettings
    deadline: float
    access: AccessRules | None
    signer: LinkSigner


def bootstrap(
    config: Settings, *, manifests: ReadCache | None = None, table: Table | None = None
) -> Dependencies:
    """The dependencies for these settings; `manifests` and `table` take the place of Redis and DynamoDB.

    Nothing is connected here. The connection to Redis is made by the first read and outlives the invocation, that to
    DynamoDB by the first miss.
    """

    @cache
    def image_table() -> Table:
        return table or ItemReader(config.image_table)

    def presign(key: str, seconds: int = 0, disposition: str = "") -> str:
        if disposition:
            return presigned_download(config.processed_bucket, key, disposition, seconds)
        return presigned_link(config.processed_bucket, key, seconds)

    def readers_cache() -> ReadCache:
        made = configured_cache(config.cache, READER)
        if isinstance(made, NoCache):
            return made
        return CacheInUse(made, cache_name(config.cache), image_table)

    read_through = ReadThrough(manifests or readers_cache(), image_table)
    access = AccessRules.from_text(config.access_rules)
    keys = link_keys(config.link_key, config.link_public_keys)
    return Dependencies(
        read_through, presign, _edge(config), config.reader_deadline / 1000, access, LinkSigner(keys)
    )


def _edge(config: Settings) -> EdgeSettings:
    secrets = tuple(secret for secret in config.edge_secrets.split(",") if secret)
    return EdgeSettings(config.cdn_url, secrets, required=config.direct_reads == "refused")


dependencies: Callable[[], Dependencies] = cache(lambda: bootstrap(settings()))
"""Those of this process."""
