"""Which renditions to make from one upload: decided once at inspection, then carried out size by size."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Any, TypedDict

from imageservice.core.errors import ImageIdInvalid, ImageRejected
from imageservice.core.image_id import check_image_id
from imageservice.core.image_text import NO_TEXT, Fields, UploadedText, shown_text
from imageservice.core.item import Source, UploadRecord
from imageservice.core.keys import digest, rendition_key, source_identity
from imageservice.core.manifest import Rendition, Search
from imageservice.core.original import Original
from imageservice.core.original_metadata import Notes
from imageservice.core.refocusing import kept
from imageservice.core.rendition_plan import RenditionPlan, Target

NO_NOTES = Notes()
NOTHING: Mapping[str, Any] = MappingProxyType({})


class ResizePlan(TypedDict):
    """`resizes` has one entry for each size to make; `aliases` names the sizes that are identical to another one.

    `kept` are attributes of the item that stay as they are, with renditions of the digest `kept_from`, for an upload
    that only changes the focal point; otherwise both are empty.
    """

    source: Source
    digest: str
    resizes: list[dict[str, Any]]
    aliases: dict[str, str]
    kept: dict[str, Any]
    kept_from: str


def plan_resizes(
    upload: UploadRecord,
    original: Original,
    plans: RenditionPlan,
    engine: str,
    recorded_digest: str = "",
    notes: Notes = NO_NOTES,
    text: UploadedText = NO_TEXT,
    changed: Fields = NOTHING,
    served: Mapping[str, Any] = NOTHING,
) -> ResizePlan:
    """The source, its digest, and one entry in `resizes` for each size to make, as JSON for the state machine.

    `upload` has bucket, key, bytes, etag and, in a versioned bucket, version_id; its key decides which plan applies.
    The smallest size also describes the image (alpha, placeholder and color). There is nothing to resize if
    `recorded_digest`, that of the renditions served now, is the same. If the upload is a copy of an earlier version,
    as its `notes` say, each entry names the digest of what was made of that (`made_before`). The source gets the
    `text`; with what was `changed` of it later, it says which rights renditions name, if the plan embeds any.
    `served` is the item of what may stay (imageservice.core.refocusing). Raises ImageRejected if the key cannot be an
    image's id.
    """
    try:
        check_image_id(upload["key"])
    except ImageIdInvalid as error:
        raise ImageRejected(str(error)) from error
    plan = plans.plan_for(upload["key"])
    shown = shown_text(text, changed)
    rights, fingerprint = plan.rights(shown), plan.fingerprint_with(shown)
    targets = plan.targets(original, notes.focus)
    made_of = digest(source_identity(upload), fingerprint, engine, notes.focus)
    made_before = (
        {"made_before": digest(notes.restored_from, fingerprint, engine, notes.focus)}
        if notes.restored_from
        else {}
    )
    formats = plan.formats_for(original)
    stays = kept(served, upload, notes, targets, formats, fingerprint, engine)
    smallest = min(targets, key=lambda target: target.width * target.height)
    source = Source(
        **upload,  # type: ignore[typeddict-item] # what a source need not have, an upload never has
        format=original.format,
        width=original.width,
        height=original.height,
        frames=original.frames,
    )
    if notes.focus:
        source["focus"] = notes.focus
    if notes.ignored_focus:
        source["ignored_focus"] = notes.ignored_focus
    if "text" in text:
        source["text"] = text["text"]
    if "text_since" in text:
        source["text_since"] = text["text_since"]
    return ResizePlan(
        source=source,
        digest=made_of,
        resizes=[
            {
                "target": asdict(target),
                "formats": formats,
                "quality": plan.quality,
                "light": plan.light,
                "describe": target is smallest and not stays.sizes,
                **made_before,
                **({"rights": rights} if rights else {}),
            }
            for target in targets
            if made_of != recorded_digest and target.name not in stays.sizes
        ],
        aliases={alias: target.name for target in targets for alias in target.aliases},
        kept=dict(stays.attributes),
        kept_from=stays.digest,
    )


def target_of(resize: Mapping[str, Any]) -> Target:
    """The target of one entry of `resizes`, back from JSON."""
    return Target(**{**resize["target"], "aliases": tuple(resize["target"]["aliases"])})


def rendition(
    image_id: str,
    digest: str,
    target: Target,
    format: str,
    pixels: Sequence[int],
    length: int,
    search: Search | None = None,
) -> Rendition:
    """The record of one rendition: `pixels` are its width and height, `length` its bytes."""
    made = Rendition(
        size=target.name,
        width=pixels[0],
        height=pixels[1],
        format=format,
        key=rendition_key(image_id, digest, target.name, format),
        bytes=length,
    )
    if search is not None:
        made["search"] = search
    return made
