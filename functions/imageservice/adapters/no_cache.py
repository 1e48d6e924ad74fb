"""The cache of a stack without one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from imageservice.core.manifest import Manifest

if TYPE_CHECKING:
    from imageservice.adapters.manifest_cache import Lease


class NoCache:
    """The cache if no Redis is configured: it is always empty, and stores nothing.

    Its methods have the signatures of ManifestCache's, including arguments that they don't use.
    """

    def use(self, generation: int) -> None:
        pass

    def mark(self, generation: int, until: float) -> None:
        pass

    def read(self, image_id: str) -> None:  # noqa: ARG002 - a cache's
        return None

    def lease(self, image_id: str) -> None:  # noqa: ARG002 - a cache's
        return None

    def fill(self, lease: Lease, manifest: Manifest | None) -> bool:  # noqa: ARG002 - a cache's
        return False

    def release(self, lease: Lease) -> None:
        pass

    def refresh(self, manifest: Manifest) -> Literal["KEPT"]:  # noqa: ARG002 - a cache's
        return "KEPT"

    def confirm(self, manifest: Manifest) -> None:
        pass
