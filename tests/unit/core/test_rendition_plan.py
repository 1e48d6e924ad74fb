"""The rendition plan: which sizes and formats each original gets."""

import json
from dataclasses import fields, replace

import pytest

from imageservice.adapters.plan_loader import load_plan
from imageservice.core.errors import PlanInvalid
from imageservice.core.original import Original
from imageservice.core.rendition_plan import AUTO_TARGET, Plan, Size, fitted

PHOTO = Original(format="jpeg", width=4272, height=2848, frames=1, alpha=False)


def sizes(original: Original, plan: str = "") -> dict[str, tuple[int, int]]:
    return {
        target.name: (target.width, target.height) for target in load_plan(plan).default.targets(original)
    }


def plan(*entries: dict[str, object], **more: object) -> str:
    return json.dumps({"formats": ["fallback"], "sizes": entries, **more})


def test_a_large_photo_gets_every_size_of_the_packaged_plan() -> None:
    assert sizes(PHOTO) == {
        "thumb": (160, 160),
        "w320": (320, 213),
        "w640": (640, 427),
        "w1280": (1280, 853),
        "w1920": (1920, 1280),
    }


def test_sizes_wider_than_the_original_collapse_into_one_at_its_width() -> None:
    targets = load_plan().default.targets(Original("jpeg", 1000, 700, 1, False))
    assert [(target.name, target.width, target.aliases) for target in targets[-2:]] == [
        ("w640", 640, ()),
        ("w1280", 1000, ("w1920",)),
    ]


def test_auto_is_a_target_and_two_ways_to_write_it_are_one_plan() -> None:
    size: dict[str, object] = {"name": "a", "width": 9}
    target = {"target": AUTO_TARGET}
    whole = load_plan(plan(size, quality="auto")).default
    spelled = load_plan(plan(size, quality={"jpeg": target, "avif": "auto", "webp": target})).default
    assert whole.quality == {"avif": target, "webp": target, "jpeg": target}
    assert whole.fingerprint == spelled.fingerprint


@pytest.mark.parametrize(
    "quality",
    ["best", 80, {"webp": "best"}, {"webp": 0}, {"webp": 101}, {"webp": 70.5}, {"webp": True}, {"webp": {}}]
    + [{"webp": {"target": target}} for target in (49, 96, 78.5, "78")]
    + [{"webp": {"target": 78, "most": 9}}, {"png": "auto"}, {"gif": {"target": 78}}],
)
def test_a_quality_is_a_number_a_target_or_auto(quality: object) -> None:
    with pytest.raises(PlanInvalid, match=r"the rendition plan at \$\.quality"):
        load_plan(plan({"name": "a", "width": 9}, quality=quality))


def test_the_tiniest_original_still_gives_at_least_one_pixel_each_way() -> None:
    assert sizes(Original("gif", 1, 1, 1, False)) == {"thumb": (1, 1)}


def test_a_very_flat_original_keeps_a_height_of_one_pixel() -> None:
    assert fitted(Size("w320", 320), 8000, 3) == (320, 1)


def test_cover_of_a_small_original_keeps_the_aspect_of_the_box_without_enlarging() -> None:
    assert fitted(Size("hero", 400, 200, "cover"), 100, 80) == (100, 50)


def test_contain_with_a_height_fits_the_whole_image_into_the_box() -> None:
    assert fitted(Size("card", 400, 400), 2000, 1000) == (400, 200)
    assert fitted(Size("card", 400, 400), 1000, 2000) == (200, 400)


@pytest.mark.parametrize("width", [100, 160, 200, 320, 333, 1279])
@pytest.mark.parametrize(("source_width", "source_height"), [(1500, 1000), (1499, 1001), (4000, 2667)])
def test_the_width_asked_for_comes_out_exactly(width: int, source_width: int, source_height: int) -> None:
    assert fitted(Size("any", width), source_width, source_height)[0] == width


def test_two_crops_of_one_box_that_keep_different_parts_are_two_renditions() -> None:
    box = {"width": 100, "height": 100, "fit": "cover"}
    two = plan({"name": "top", "gravity": "top", **box}, {"name": "bottom", "gravity": "bottom", **box})
    assert set(sizes(PHOTO, two)) == {"top", "bottom"}


def square_box(name: str, side: int, **more: object) -> dict[str, object]:
    return {"name": name, "width": side, "height": side, "fit": "cover", **more}


@pytest.mark.parametrize("gravity", ["center", "top-left", "bottom"])
@pytest.mark.parametrize("cover_first", [True, False])
def test_of_a_square_original_a_square_cover_and_a_contain_are_one_rendition(
    gravity: str, cover_first: bool
) -> None:
    entries = [square_box("thumb", 160, gravity=gravity), {"name": "w160", "width": 160}]
    chosen = load_plan(plan(*(entries if cover_first else entries[::-1]))).default
    (target,) = chosen.targets(Original("png", 800, 800, 1, True))
    assert (target.width, target.height, target.fit, target.gravity) == (160, 160, "contain", "center")
    assert (target.name, *target.aliases) == (("thumb", "w160") if cover_first else ("w160", "thumb"))


def test_a_square_icon_smaller_than_every_size_is_one_rendition() -> None:
    (target,) = load_plan().default.targets(Original("png", 64, 64, 1, True))
    assert (target.name, target.width, target.height) == ("thumb", 64, 64)
    assert target.aliases == ("w320", "w640", "w1280", "w1920")


def test_gravities_of_one_box_that_has_nothing_to_crop_are_one_rendition() -> None:
    two = plan(square_box("top", 100, gravity="top"), square_box("left", 100, gravity="left"))
    (target,) = load_plan(two).default.targets(Original("jpeg", 3000, 3000, 1, False))
    assert (target.name, target.aliases) == ("top", ("left",))


def test_a_wide_box_of_the_originals_own_aspect_crops_nothing() -> None:
    two = plan({"name": "hero", "width": 600, "height": 400, "fit": "cover"}, {"name": "w600", "width": 600})
    assert sizes(Original("jpeg", 3000, 2000, 1, False), two) == {"hero": (600, 400)}


@pytest.mark.parametrize(
    ("width", "height", "names"),
    [
        (1000, 997, {"thumb"}),
        (997, 1000, {"thumb"}),
        (1000, 990, {"thumb", "w160"}),
        (990, 1000, {"thumb", "w160"}),
    ],
)
def test_a_crop_of_less_than_half_a_pixel_is_none(width: int, height: int, names: set[str]) -> None:
    two = plan(square_box("thumb", 160), {"name": "w160", "width": 160})
    assert set(sizes(Original("jpeg", width, height, 1, False), two)) == names


@pytest.mark.parametrize(
    ("original", "formats"),
    [
        (PHOTO, ("avif", "webp", "fallback")),
        (Original("png", 10, 10, 1, True), ("avif", "webp", "fallback")),
        (Original("gif", 10, 10, 7, True), ("webp", "fallback")),
    ],
)
def test_a_moving_image_gets_no_format_that_would_stop_it(
    original: Original, formats: tuple[str, ...]
) -> None:
    assert load_plan().default.formats_for(original) == formats


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("{", "is not JSON"),
        (plan(), r"\$\.sizes"),
        (plan({"name": "w", "width": 0}), r"\$\.sizes\[0\]\.width"),
        (plan({"name": "w", "width": 9000}), r"\$\.sizes\[0\]\.width"),
        (plan({"name": "UP", "width": 9}), r"\$\.sizes\[0\]\.name"),
        (plan({"name": "w\n", "width": 9}), r"\$\.sizes\[0\]\.name"),
        (plan({"name": "w", "width": 9.5}), r"\$\.sizes\[0\]\.width"),
        ('{"formats": ["fallback"], "sizes": [{"name": "w", "width": 1e309}]}', r"\$\.sizes\[0\]\.width"),
        (plan({"name": "w", "width": 9, "fit": "cover"}), "height"),
        (plan({"name": "w", "width": 9}, {"name": "w", "width": 8}), "names a size twice"),
        (json.dumps({"formats": ["avif"], "sizes": [{"name": "w", "width": 9}]}), r"\$\.formats"),
        (plan({"name": "w", "width": 9}, quality={"jpeg": 101}), r"\$\.quality\.jpeg"),
        (plan({"name": "w", "width": 9}, light="dark"), r"\$\.light"),
    ],
)
def test_a_plan_that_breaks_its_schema_is_refused_with_the_place(text: str, where: str) -> None:
    with pytest.raises(PlanInvalid, match=where):
        load_plan(text)


def test_plans_that_mean_the_same_have_the_same_fingerprint() -> None:
    spelled_out = plan({"width": 320, "name": "w320", "fit": "contain", "gravity": "center"})
    assert (
        load_plan(spelled_out).default.fingerprint
        == load_plan(plan({"name": "w320", "width": 320})).default.fingerprint
    )


def test_a_whole_number_is_an_integer_however_it_is_written() -> None:
    written = '{"formats": ["fallback"], "sizes": [{"name": "w", "width": 32e1}], "quality": {"jpeg": 80.0}}'
    made = load_plan(written).default
    assert (
        made.fingerprint
        == load_plan(
            plan({"name": "w", "width": 320}, quality={"jpeg": 80}, formats=["fallback"])
        ).default.fingerprint
    )
    assert type(made.quality["jpeg"]) is int  # no encoder takes another


def test_a_changed_quality_changes_the_fingerprint() -> None:
    size = {"name": "w320", "width": 320}
    assert (
        load_plan(plan(size)).default.fingerprint
        != load_plan(plan(size, quality={"webp": 60})).default.fingerprint
    )


def test_the_light_is_linear_unless_the_plan_says_gamma() -> None:
    size = {"name": "w320", "width": 320}
    assert load_plan(plan(size)).default.light == "linear"
    assert load_plan(plan(size, light="gamma")).default.light == "gamma"
    assert (
        load_plan(plan(size, light="linear")).default.fingerprint == load_plan(plan(size)).default.fingerprint
    )
    assert (
        load_plan(plan(size, light="gamma")).default.fingerprint != load_plan(plan(size)).default.fingerprint
    )


def test_a_fingerprint_stays_the_same_from_version_to_version() -> None:
    """A changed one makes every image of every deployment again when it is reprocessed."""
    size = {"name": "thumb", "width": 160, "height": 90, "fit": "cover", "gravity": "top"}
    assert load_plan(
        plan(size, {"name": "w320", "width": 320}, quality={"webp": 60})
    ).default.fingerprint == (
        '[[["thumb",160,90,"cover","top"],["w320",320,null,"contain","center"]],["fallback"],{"webp":60}]'
    )


@pytest.mark.parametrize("name", [field.name for field in fields(Size)])
def test_every_field_of_a_size_is_in_the_fingerprint(name: str) -> None:
    size = Size("w320", 320)
    changed = replace(size, **{name: "another value"})
    assert Plan((size,), ("fallback",)).fingerprint != Plan((changed,), ("fallback",)).fingerprint
