"""A change of the focal point alone: an upload that is a copy of what is served, but for its metadata.

Renditions that show the whole image would come out the same, so they stay as they are, under their keys. Only crops are
made.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from imageservice.core.item import UploadRecord
from imageservice.core.keys import digest, source_identity
from imageservice.core.original_metadata import Notes
from imageservice.core.rendition_plan import Target

_DESCRIPTION = ("alpha", "placeholder", "color")


@dataclass(frozen=True)
class Kept:
    """What stays: attributes of the item (its whole renditions, alpha, placeholder, color), and the digest that is
    served. Both are empty if everything is made."""

    attributes: Mapping[str, Any] = field(default_factory=dict)
    digest: str = ""

    @property
    def sizes(self) -> set[str]:
        return {rendition["size"] for rendition in self.attributes.get("renditions", ())}


def kept(
    served: Mapping[str, Any],
    upload: UploadRecord,
    notes: Notes,
    targets: Sequence[Target],
    formats: Sequence[str],
    plan_fingerprint: str,
    engine: str,
) -> Kept:
    """What of `served` stays for this upload; nothing unless it is a copy of the served original, made by this plan and
    this engine.

    `served` is the item as it was when the upload was registered; empty if something else was on its way to be served.
    """
    source = served.get("source", {})
    copied = notes.refocused_from and notes.refocused_from == source.get("version_id")
    if not copied or source.get("bytes") != upload["bytes"] or not served.keys() >= set(_DESCRIPTION):
        return Kept()
    made_of = digest(source_identity(source), plan_fingerprint, engine, source.get("focus", ""))
    if served.get("digest") != made_of:
        return Kept()
    whole = {(each.name, each.width, each.height) for each in targets if each.fit == "contain"}
    renditions = [
        each for each in served["renditions"] if (each["size"], each["width"], each["height"]) in whole
    ]
    count = Counter(each["size"] for each in renditions)
    complete = [each for each in renditions if count[each["size"]] == len(formats)]
    description = {name: served[name] for name in _DESCRIPTION}
    return Kept({"renditions": complete, **description}, made_of) if complete else Kept()
