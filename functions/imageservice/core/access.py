"""Who may read an image: everybody, or only those who have a signed link.

The rendition plan decides it by an image's id. Readers don't have the plan; they have `RenditionPlan.access_rules`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Access = Literal["public", "private"]


@dataclass(frozen=True)
class AccessRules:
    """Prefixes of ids, the longest first, each with the access of the ids that begin with it. Other ids are public."""

    rules: Sequence[tuple[str, Access]]

    @classmethod
    def from_text(cls, text: str) -> "AccessRules | None":
        """The rules in `text`, as `RenditionPlan.access_rules` writes them; None if it is empty: all ids are public."""
        return cls([(prefix, access) for prefix, access in json.loads(text)]) if text else None

    def private(self, image_id: str) -> bool:
        return (
            next((access for prefix, access in self.rules if image_id.startswith(prefix)), None) == "private"
        )
