"""The environment, read once into one frozen value."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from imageservice.core.limits import Limits


@dataclass(frozen=True)
class Settings:
    """The functions' settings, from the template; each field is the environment variable of the same name in capitals.

    Sizes are in bytes and pixels. An empty `redis_url` means no cache, an empty `rendition_plan` the packaged plan,
    an empty `cdn_url` that renditions are reached by the host name that the reader was asked by, or presigned.
    `process_image_arn`, `remove_image_arn` and `failure_topic_arn` are the workflows, and the topic for failures.
    """

    source_bucket: str = ""
    processed_bucket: str = ""
    image_table: str = ""
    redis_url: str = ""
    cdn_url: str = ""
    rendition_plan: str = ""
    process_image_arn: str = ""
    remove_image_arn: str = ""
    failure_topic_arn: str = ""
    stack_name: str = ""
    max_bytes: int = Limits.max_bytes
    max_pixels: int = Limits.max_pixels
    max_frame_pixels: int = Limits.max_frame_pixels
    max_aspect: int = Limits.max_aspect
    max_decode_seconds: int = int(Limits.max_decode_seconds)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """The settings in `environment`; a variable that is absent or empty keeps its default."""
        texts = {field.name: environment.get(field.name.upper(), "") for field in fields(cls)}
        given: dict[str, Any] = {
            field.name: int(texts[field.name]) if field.type is int else texts[field.name]
            for field in fields(cls)
            if texts[field.name]
        }
        return cls(**given)

    @property
    def limits(self) -> Limits:
        return Limits(
            max_bytes=self.max_bytes,
            max_pixels=self.max_pixels,
            max_frame_pixels=self.max_frame_pixels,
            max_aspect=self.max_aspect,
            max_decode_seconds=self.max_decode_seconds,
        )


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings.from_environment()
