"""How two rendition plans differ, rule by rule, in the words of an operator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from imageservice.core.rendition_plan import Plan, RenditionPlan, Size


@dataclass(frozen=True)
class RuleChange:
    """What changes for the images below a prefix (the default's is empty). Links by a removed size's name break."""

    prefix: str
    added: Sequence[str]
    removed: Sequence[str]
    changed: Sequence[str]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def changes(old: RenditionPlan, new: RenditionPlan) -> list[RuleChange]:
    """The rules of either plan whose images get other renditions, the longest prefix first."""
    prefixes = {rule.prefix for plan in (old, new) for rule in plan.rules}
    found = []
    for prefix in sorted(prefixes, key=lambda prefix: (-len(prefix), prefix)):
        before, after = old.plan_for(prefix), new.plan_for(prefix)
        if before.fingerprint != after.fingerprint:
            found.append(_change(prefix, before, after))
    return found


def box(size: Size) -> str:
    """A size in a few characters: w320 320, thumb 160×160 cover top."""
    height = f"×{size.height}" if size.height else ""
    cover = " cover" if size.fit == "cover" else ""
    gravity = f" {size.gravity}" if size.fit == "cover" and size.gravity != "center" else ""
    return f"{size.name} {size.width}{height}{cover}{gravity}"


def qualities(plan: Plan) -> str:
    """The qualities that a plan sets: avif 62, webp target 78."""
    texts = [
        f"{name} {value}" if isinstance(value, int) else f"{name} target {value['target']}"
        for name, value in plan.quality.items()
    ]
    return ", ".join(texts) or "measured defaults"


def _change(prefix: str, before: Plan, after: Plan) -> RuleChange:
    old, new = ({size.name: size for size in plan.sizes} for plan in (before, after))
    return RuleChange(
        prefix,
        added=[box(size) for name, size in new.items() if name not in old],
        removed=[name for name in old if name not in new],
        changed=list(_settings(before, after, old, new)),
    )


def _settings(before: Plan, after: Plan, old: dict[str, Size], new: dict[str, Size]) -> Iterator[str]:
    for name in old:
        if name in new and old[name] != new[name]:
            yield f"{box(old[name])} → {box(new[name])}"
    if before.formats != after.formats:
        yield f"formats {', '.join(before.formats)} → {', '.join(after.formats)}"
    if before.quality != after.quality:
        yield f"quality {qualities(before)} → {qualities(after)}"
    if before.light != after.light:
        yield f"light {before.light} → {after.light}"
    if before.access != after.access:
        yield f"access {before.access} → {after.access}"
    if before.embed != after.embed:
        yield f"embed {embedded(before)} → {embedded(after)}"


def embedded(plan: Plan) -> str:
    """What each rendition says of the image's rights, in words."""
    return ", ".join(plan.embed) or "nothing"
