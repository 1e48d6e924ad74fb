"""Which renditions to make from an upload."""

import json
from dataclasses import replace

from imageservice.adapters.plan_loader import load_plan
from imageservice.core.image_text import NO_TEXT, UploadedText, fields_set
from imageservice.core.original import Original
from imageservice.core.original_metadata import Notes
from imageservice.core.rendition_plan import RenditionPlan, Rule
from imageservice.core.resize_plan import plan_resizes, rendition, target_of

UPLOAD = {"bucket": "b", "key": "a.jpg", "bytes": 10, "etag": "e", "version_id": "v"}
PHOTO = Original("jpeg", 4272, 2848, 1, False)


def test_the_smallest_size_alone_describes_the_image() -> None:
    resizes = plan_resizes(UPLOAD, PHOTO, load_plan(), "1")["resizes"]
    assert [resize["target"]["name"] for resize in resizes if resize["describe"]] == ["thumb"]


def test_a_resize_plan_survives_json() -> None:
    made = plan_resizes(UPLOAD, PHOTO, load_plan(), "1")
    back = json.loads(json.dumps(made))
    assert [target_of(resize) for resize in back["resizes"]] == list(load_plan().default.targets(PHOTO))


def test_every_resize_says_in_which_light_to_shrink() -> None:
    for light in ("linear", "gamma"):
        plan = RenditionPlan((Rule("", replace(load_plan().default, light=light)),))
        assert {resize["light"] for resize in plan_resizes(UPLOAD, PHOTO, plan, "1")["resizes"]} == {light}


def test_there_is_nothing_to_make_where_the_same_digest_is_recorded() -> None:
    recorded = plan_resizes(UPLOAD, PHOTO, load_plan(), "1")["digest"]
    assert plan_resizes(UPLOAD, PHOTO, load_plan(), "1", recorded_digest=recorded)["resizes"] == []


def test_a_restored_version_names_what_was_made_of_it_under_todays_plan_and_engine() -> None:
    before = plan_resizes(UPLOAD, PHOTO, load_plan(), "1")["digest"]
    copy = {**UPLOAD, "version_id": "copy"}
    made = plan_resizes(copy, PHOTO, load_plan(), "1", notes=Notes(restored_from="v"))
    assert {resize["made_before"] for resize in made["resizes"]} == {before}
    assert made["digest"] != before
    newer = plan_resizes(copy, PHOTO, load_plan(), "2", notes=Notes(restored_from="v"))["resizes"]
    assert before not in {resize["made_before"] for resize in newer}
    assert "made_before" not in plan_resizes(UPLOAD, PHOTO, load_plan(), "1")["resizes"][0]


def test_everything_is_made_again_by_a_new_engine() -> None:
    recorded = plan_resizes(UPLOAD, PHOTO, load_plan(), "1")["digest"]
    assert len(plan_resizes(UPLOAD, PHOTO, load_plan(), "2", recorded_digest=recorded)["resizes"]) == 5


def test_sizes_that_come_out_the_same_are_aliases() -> None:
    small = Original("jpeg", 400, 300, 1, False)
    assert plan_resizes(UPLOAD, small, load_plan(), "1")["aliases"] == {"w1280": "w640", "w1920": "w640"}


def test_a_rendition_is_recorded_under_its_derived_key() -> None:
    target = load_plan().default.targets(PHOTO)[1]
    record = rendition("a.jpg", "0123456789abcdef", target, "webp", (320, 213), 99)
    assert record == {
        "size": "w320",
        "width": 320,
        "height": 213,
        "format": "webp",
        "key": "a.jpg/0123456789abcdef/w320.webp",
        "bytes": 99,
    }


def test_a_focal_point_moves_the_crops_alone_and_makes_another_digest() -> None:
    without, focused = (
        plan_resizes(UPLOAD, PHOTO, load_plan(), "1", notes=notes)
        for notes in (Notes(), Notes(focus="0.1,0"))
    )
    assert focused["digest"] != without["digest"]
    gravities = {resize["target"]["name"]: resize["target"]["gravity"] for resize in focused["resizes"]}
    assert gravities == {
        "thumb": "0.1,0",
        "w320": "center",
        "w640": "center",
        "w1280": "center",
        "w1920": "center",
    }
    assert focused["source"]["focus"] == "0.1,0"
    assert "focus" not in without["source"]


def test_an_ignored_focal_point_is_on_record_and_changes_nothing_else() -> None:
    without, ignored = (
        plan_resizes(UPLOAD, PHOTO, load_plan(), "1", notes=notes)
        for notes in (Notes(), Notes(ignored_focus="9,9"))
    )
    assert ignored["source"]["ignored_focus"] == "9,9"
    assert (ignored["digest"], ignored["resizes"]) == (without["digest"], without["resizes"])


def test_rights_are_embedded_only_where_the_plan_says_so_and_change_the_digest_with_the_text() -> None:
    text: UploadedText = {"text": fields_set({"copyright": "© Ann", "alt": "A"}, "2026-11-26T12:00:00.000Z")}
    later = fields_set({"copyright": "© Bo"}, "2026-11-26T12:00:01.000Z")
    plain = plan_resizes(UPLOAD, PHOTO, load_plan(), "1", text=text)
    assert "rights" not in plain["resizes"][0]
    assert plain["digest"] == plan_resizes(UPLOAD, PHOTO, load_plan(), "1")["digest"]
    plan = RenditionPlan((Rule("", replace(load_plan().default, embed=("copyright", "credit"))),))
    own, said, changed = (
        plan_resizes(UPLOAD, PHOTO, plan, "1", text=each, changed=change)
        for each, change in ((NO_TEXT, {}), (text, {}), (text, later))
    )
    assert [each["resizes"][0]["rights"] for each in (own, said, changed)] == [
        {"copyright": None, "credit": None},
        {"copyright": "© Ann", "credit": None},
        {"copyright": "© Bo", "credit": None},
    ]
    assert len({each["digest"] for each in (plain, own, said, changed)}) == 4


def test_a_plan_that_embeds_nothing_has_the_fingerprint_that_it_had_before_it_could() -> None:
    default = load_plan().default
    assert default.fingerprint_with({"copyright": "© Ann"}) == default.fingerprint
    assert "embed" not in default.fingerprint
