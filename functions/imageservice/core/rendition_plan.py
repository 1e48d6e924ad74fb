"""The rendition plan: which sizes and formats are made of an image.

    a document of plans           {"default": {…}, "rules": [{"prefix": "avatars/", …}, …]}
    a document of one plan        {"sizes": […], "formats": […], …}: the default, without rules

The packaged document is `rendition_plan.json`; `rendition_plan.schema.json` is its JSON Schema. A template parameter
can replace it. imageservice.adapters.plan_loader reads and checks either.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from typing import Any, Final, Literal, TypedDict, assert_never

from imageservice.core.access import Access
from imageservice.core.errors import ImageIdInvalid, PlanInvalid
from imageservice.core.formats import FALLBACK, FORMATS
from imageservice.core.image_id import check_prefix
from imageservice.core.image_text import ImageText
from imageservice.core.keys import PRIVATE_PLAN
from imageservice.core.original import Original

Fit = Literal["contain", "cover"]
Light = Literal["linear", "gamma"]

AUTO: Final = "auto"
AUTO_TARGET: Final = 78
"""The score that `auto` stands for: the mean of the photos of docs/images.md with the default qualities."""


class Sought(TypedDict):
    """A quality that is to be found for each rendition: the least at which it scores `target` by SSIMULACRA2."""

    target: int


Quality = int | Sought
"""A quality of an encoder, 1 to 100, or one that is to be found."""

SMART = "smart"
"""The gravity that the engine replaces with a focal point, by the pixels."""
_HIGHEST = 16_383
_MOST_ACCESS_BYTES = 1_024


@dataclass(frozen=True)
class Size:
    """A named entry of the plan, in pixels. Without `height`, it follows from the aspect."""

    name: str
    width: int
    height: int | None = None
    fit: Fit = "contain"
    gravity: str = "center"


@dataclass(frozen=True)
class Target:
    """One size as it results for one original: exactly `width` × `height` pixels, never larger than the original.

    `gravity` is where a `cover` is: a side, a corner, `center`, `smart` or a focal point (core.focus). `aliases`
    are the names of other sizes with the same result.
    """

    name: str
    width: int
    height: int
    fit: Fit
    gravity: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What is made of one image: sizes, narrowest first; formats; and the encoders' quality by format.

    `light` is how pixels are mixed when an image shrinks: as light, or as the gamma-encoded numbers. `access` is who
    may read the image: everybody, or only those who have a signed link. `embed` names what each
    rendition says of the image's rights: copyright, credit.
    """

    sizes: tuple[Size, ...]
    formats: tuple[str, ...]
    quality: dict[str, Quality] = field(default_factory=dict)
    light: Light = "linear"
    access: Access = "public"
    embed: tuple[str, ...] = ()

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Plan":
        """The plan of a document that its schema allows. Raises PlanInvalid if two sizes have the same name."""
        names = [size["name"] for size in document["sizes"]]
        twice = first_repeated(names)
        if twice is not None:
            raise PlanInvalid(f"the rendition plan names a size twice: {twice}")
        return cls(
            sizes=tuple(Size(**size) for size in document["sizes"]),
            formats=tuple(document["formats"]),
            quality=_qualities(document.get("quality", {})),
            light=document.get("light", "linear"),
            access=document.get("access", "public"),
            embed=tuple(sorted(document.get("embed", ()))),
        )

    @property
    def fingerprint(self) -> str:
        """The plan as one line of JSON, with every field of its sizes: equal plans have equal fingerprints.

        The default light, access and embed are left out, so that plans without these fields keep the fingerprint that
        they had before them.
        """
        sizes = [astuple(size) for size in self.sizes]
        light = [] if self.light == "linear" else [self.light]
        embed = [{"embed": self.embed}] if self.embed else []
        parts = [sizes, self.formats, self.quality, *light, *embed]
        text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
        return PRIVATE_PLAN + text if self.access == "private" else text

    def rights(self, text: ImageText) -> dict[str, str | None]:
        """What each rendition of an image with this text says of its rights. None: what the original itself says."""
        values: Mapping[str, Any] = text
        return {name: values.get(name) for name in self.embed}

    def fingerprint_with(self, text: ImageText) -> str:
        """The fingerprint for an image with this text, of which renditions may say a part."""
        said = {name: value for name, value in self.rights(text).items() if value is not None}
        return self.fingerprint + (json.dumps(said, sort_keys=True) if said else "")

    def targets(self, original: Original, focus: str = "") -> tuple[Target, ...]:
        """The renditions' sizes for this original; sizes with the same result are one, under the first one's name.

        A focal point (imageservice.core.focus) overrides each size's gravity. A `cover` that has nothing
        to crop is a `contain`: of a square original, a square box is the whole image.
        """
        targets: dict[Target, list[str]] = {}
        for size in self.sizes:
            targets.setdefault(_target(size, original.width, original.height, focus), []).append(size.name)
        return tuple(
            replace(target, name=names[0], aliases=tuple(names[1:])) for target, names in targets.items()
        )

    def formats_for(self, original: Original) -> tuple[str, ...]:
        """The formats to make: an animation gets only formats that can be animated, because any other would stop it.

        `fallback` stays unresolved. Which one it is depends on the pixels, which only the engine sees.
        """
        return tuple(
            name
            for name in self.formats
            if name == FALLBACK or FORMATS[name].animation or not original.animated
        )


@dataclass(frozen=True)
class Rule:
    """The plan of the images whose ids begin with `prefix`. The default's prefix is empty."""

    prefix: str
    plan: Plan


@dataclass(frozen=True)
class RenditionPlan:
    """The plans of a deployment. `rules` have the longest prefix first; the last one is the default, which fits all."""

    rules: tuple[Rule, ...]

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "RenditionPlan":
        """The plans of a document that its schema allows.

        What a rule leaves out is as in `default`. Raises PlanInvalid if a plan names a size twice, if two rules have
        the same prefix, or if no id of an image can begin with a prefix.
        """
        default = document.get("default", document)
        prefixes = [rule["prefix"] for rule in document.get("rules", ())]
        twice = first_repeated(prefixes)
        if twice is not None:
            raise PlanInvalid(f"the rendition plan has two rules for the prefix {twice!a}")
        for prefix in prefixes:
            try:
                check_prefix(prefix)
            except ImageIdInvalid as error:
                raise PlanInvalid(f"the rendition plan's prefix {ascii(prefix)[:80]}: {error}") from error
        rules = [Rule("", Plan.from_document(default))]
        for rule in document.get("rules", ()):
            own = {name: value for name, value in rule.items() if name != "prefix"}
            rules.append(Rule(rule["prefix"], Plan.from_document({**default, **own})))
        plans = cls(tuple(sorted(rules, key=lambda rule: (-len(rule.prefix), rule.prefix))))
        if len(json.dumps(plans.access_rules, ensure_ascii=False).encode()) > _MOST_ACCESS_BYTES:
            raise PlanInvalid("the rendition plan's prefixes with an access of their own take too many bytes")
        return plans

    @property
    def default(self) -> Plan:
        return self.rules[-1].plan

    def rule_for(self, image_id: str) -> Rule:
        """The rule with the longest prefix that the id begins with, compared character by character."""
        return next(rule for rule in self.rules if image_id.startswith(rule.prefix))

    def plan_for(self, image_id: str) -> Plan:
        return self.rule_for(image_id).plan

    @property
    def widths(self) -> tuple[int, ...]:
        """The widths of all sizes of all plans, ascending: the template's parameter RenditionWidths.

        The edge rounds a requested width up to one of them. Each plan's widths are among them, so the rounded width
        chooses the same rendition as the requested one.
        """
        return tuple(sorted({int(size.width) for rule in self.rules for size in rule.plan.sizes}))

    @property
    def access_rules(self) -> str:
        """Which ids are private, for readers: core.access.AccessRules, as JSON. Empty if all are public.

        A prefix is left out if ids without its rule have the same access.
        """
        rules = [
            [rule.prefix, rule.plan.access]
            for place, rule in enumerate(self.rules)
            if rule.plan.access != self._access_without(place)
        ]
        return json.dumps(rules, ensure_ascii=False, separators=(",", ":")) if rules else ""

    def _access_without(self, place: int) -> Access:
        """The access of the ids of the rule at `place`, if it were not there."""
        prefix = self.rules[place].prefix
        shorter = (rule.plan.access for rule in self.rules[place + 1 :] if prefix.startswith(rule.prefix))
        return next(shorter, "public")


def _qualities(document: str | Mapping[str, Any]) -> dict[str, Quality]:
    """Qualities by format, with `auto` spelled out, so that two ways to write one plan are equal."""
    if isinstance(document, str):
        document = {name: document for name, row in FORMATS.items() if row.quality is not None}
    return {name: Sought(target=AUTO_TARGET) if value == AUTO else value for name, value in document.items()}


def first_repeated(names: Sequence[str]) -> str | None:
    """The first of the names that is there before; None if all differ."""
    return next((name for place, name in enumerate(names) if name in names[:place]), None)


def _target(size: Size, width: int, height: int, focus: str) -> Target:
    """The result of `size`, still without a name. Equal targets have equal pixels."""
    across, down = fitted(size, width, height)
    if size.fit == "contain" or _same_aspect(across, down, width, height):
        return Target("", across, down, "contain", "center")
    return Target("", across, down, size.fit, focus or size.gravity)


def _same_aspect(across: int, down: int, width: int, height: int) -> bool:
    """Whether filling `across` × `down` cuts less than half of one of its pixels off an original of this size."""
    return abs(across * height - down * width) < min(width, height) / 2


def fitted(size: Size, width: int, height: int) -> tuple[int, int]:
    """The pixels of `size` for an original of `width` × `height`: never enlarged, at least 1 × 1.

    `contain` fits the whole image into the box; `cover` fills the box's aspect, so a small original gives a small box.
    Without a height the box is as high as a WebP can be: 16,383 pixels.
    """
    match size.fit:
        case "contain":
            scale = min(1.0, size.width / width, (size.height or _HIGHEST) / height)
            return max(1, round(width * scale)), max(1, round(height * scale))
        case "cover":
            box_height = size.height or size.width
            scale = min(1.0, width / size.width, height / box_height)
            return max(1, round(size.width * scale)), max(1, round(box_height * scale))
        case _:
            assert_never(size.fit)
