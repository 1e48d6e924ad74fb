"""The environment, read once into one frozen value."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any

from imageservice.core.limits import Limits

FIXED_LIMITS = ("least_frame_pixels", "max_inspect_seconds", "max_search_seconds")
"""The limits that no deployment changes."""


@dataclass(frozen=True)
class CacheSettings:
    """Where the cache is, how its keys begin, and who connects. An empty `url` means no cache."""

    url: str
    prefix: str
    user: str
    password: str = field(repr=False)
    iam_name: str
    iam_serverless: bool


@dataclass(frozen=True)
class Settings:
    """The functions' settings, from the template; each field is the environment variable of the same name in capitals.

    Sizes are in bytes and pixels. An empty `cache_url` means no cache. With a `cache_iam_name`, `cache_user`
    authenticates with the function's role, otherwise with `cache_password`. An empty `rendition_plan` means the
    packaged plan. `access_rules` are that plan's, for readers; empty if all images are public.
    `link_key` is the private key that signs links to private images, in PEM; `link_public_keys` are those that links
    are checked with (adapters.link_keys).
    An empty `cdn_url` means that links use the host name that the edge was reached at, or are presigned.
    `edge_secrets` are what the edge may send to prove itself, separated by commas; a `direct_reads` other than
    "refused" admits requests without.
    `reader_deadline` is in milliseconds: the time for a reader's whole answer.
    `refresh_cache_function` is the function that reaches the cache. `distribution_id` is the CDN's; empty without one.
    `process_image_arn`, `remove_image_arn` and `failure_topic_arn` are the workflows, and where failures are published.
    """

    source_bucket: str = ""
    processed_bucket: str = ""
    image_table: str = ""
    audit_table: str = ""
    cache_url: str = ""
    cache_prefix: str = ""
    cache_user: str = ""
    cache_password: str = field(default="", repr=False)
    cache_iam_name: str = ""
    cache_iam_serverless: str = ""
    cdn_url: str = ""
    edge_secrets: str = field(default="", repr=False)
    direct_reads: str = ""
    rendition_plan: str = ""
    access_rules: str = ""
    link_key: str = field(default="", repr=False)
    link_public_keys: str = ""
    process_image_arn: str = ""
    remove_image_arn: str = ""
    failure_topic_arn: str = ""
    refresh_cache_function: str = ""
    distribution_id: str = ""
    stack_name: str = ""
    jwt_prefix_claim: str = ""
    max_bytes: int = Limits.max_bytes
    max_pixels: int = Limits.max_pixels
    max_frame_pixels: int = Limits.max_frame_pixels
    max_aspect: int = Limits.max_aspect
    max_decode_seconds: int = int(Limits.max_decode_seconds)
    reader_deadline: int = 300

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """The settings in `environment`; a variable that is absent or empty gets its default."""
        texts = {field.name: environment.get(field.name.upper(), "") for field in fields(cls)}
        given: dict[str, Any] = {
            field.name: int(texts[field.name]) if field.type is int else texts[field.name]
            for field in fields(cls)
            if texts[field.name]
        }
        return cls(**given)

    @property
    def cache(self) -> CacheSettings:
        return CacheSettings(
            url=self.cache_url,
            prefix=self.cache_prefix,
            user=self.cache_user,
            password=self.cache_password,
            iam_name=self.cache_iam_name,
            iam_serverless=bool(self.cache_iam_serverless),
        )

    @property
    def limits(self) -> Limits:
        """Every limit has a setting of the same name, except those in FIXED_LIMITS."""
        names = [field.name for field in fields(Limits) if field.name not in FIXED_LIMITS]
        return Limits(**{name: getattr(self, name) for name in names})


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings.from_environment()
