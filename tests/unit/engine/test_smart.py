"""`gravity: "smart"`: faces stay whole, then what is busiest is shown, and what says nothing is shown in the center."""

import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from engine_scenes import Compare, Render, encoded, exif, stored_in
from PIL import Image

from imageservice.core.rendition_plan import Target
from imageservice.engine.smart.aim import LONGEST, MOST_PIXELS, aimed, look_size
from imageservice.engine.smart.busiest import busiest
from imageservice.engine.smart.faces import Face, faces

# By OpenCV 5.0's FaceDetectorYN, with the same weights in 32 bits, of the sample at 320 × 320.
BY_OPENCV = (112.0, 39.2, 168.0, 109.2)
FUNCTIONS = Path(__file__).parents[3] / "functions"
SQUARE = Target("x", 100, 100, "cover", "smart")


@pytest.fixture(scope="module")
def person(samples: Path) -> Image.Image:
    with Image.open(samples / "astronaut.jpg") as photo:
        return photo.convert("RGB")


def face_in(image: Image.Image) -> Face:
    (face,) = faces(np.asarray(image))
    return face


def at(canvas: tuple[int, int], place: tuple[int, int], photo: Image.Image) -> Image.Image:
    made = Image.new("RGB", canvas, "gray")
    made.paste(photo, place)
    return made


def test_the_network_finds_the_face_that_opencv_finds(person: Image.Image) -> None:
    found = face_in(person.resize((320, 320)))
    assert found[:4] == pytest.approx(BY_OPENCV, abs=1.5)
    assert found.score > 0.85


def test_a_size_that_is_no_multiple_of_32_has_the_same_face(person: Image.Image) -> None:
    found = face_in(person.resize((301, 317)))
    expected = (BY_OPENCV[0] * 301 / 320, BY_OPENCV[1] * 317 / 320)
    assert found[:2] == pytest.approx(expected, abs=3)


@pytest.mark.parametrize("x", [0, 300, 700])
def test_a_face_anywhere_is_whole_in_the_square_of_a_wide_image(
    person: Image.Image, rendered: Render, alike: Compare, x: int
) -> None:
    photo = person.resize((300, 300))
    wide = at((1000, 300), (x, 0), photo)
    shown = rendered(encoded(wide, "PNG"), (300, 300), fit="cover", gravity="smart")
    face = face_in(wide.resize((582, 175)))
    middle = (face.left + face.right) / 2 / 582 * 1000
    left = min(max(middle - 150, 0), 700)
    alike(
        shown, wide.crop((round(left), 0, round(left) + 300, 300)), 6.0
    )  # half a pixel of the edge of the photo


@pytest.mark.parametrize("orientation", [3, 6])
def test_a_face_of_a_turned_original_is_found_upright(
    person: Image.Image, rendered: Render, orientation: int
) -> None:
    tall = at((300, 900), (0, 580), person.resize((300, 300)))
    data = encoded(stored_in(tall, orientation), "PNG", exif=exif(orientation))
    shown = rendered(data, (300, 300), fit="cover", gravity="smart")
    face = face_in(shown.convert("RGB"))
    assert face.top > 5
    assert face.bottom < 295


def test_of_faces_too_far_apart_the_larger_one_is_whole(person: Image.Image) -> None:
    wide = at((900, 300), (0, 0), person.resize((200, 200)))
    wide.paste(person.resize((300, 300)), (600, 0))
    small = wide.resize(look_size(*wide.size))
    across = float(aimed(SQUARE, small).gravity.split(",")[0])
    assert across > 0.7


@pytest.mark.parametrize(
    "size", [(1, 1), (1, 640), (640, 1), (15, 600), (320, 320), (33, 31), (640, 160)], ids=str
)
@pytest.mark.parametrize("color", ["black", "white", "#808080"])
def test_a_flat_image_of_any_shape_is_shown_in_the_center(size: tuple[int, int], color: str) -> None:
    assert aimed(SQUARE, Image.new("RGB", size, color)).gravity == "center"


def test_without_a_face_the_busiest_part_is_shown() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (100, 60), np.uint8)
    gray = np.full((100, 400), 90, np.uint8)
    gray[:, 300:360] = noise
    begin = busiest(gray, 100)
    assert begin is not None
    assert 260 <= begin <= 300
    across = float(aimed(SQUARE, Image.fromarray(gray).convert("RGB")).gravity.split(",")[0])
    assert 0.75 <= across <= 0.9


def test_another_gravity_is_left_as_it_is() -> None:
    for gravity in ("top", "0.1,0.2", "center"):
        target = Target("x", 100, 100, "cover", gravity)
        assert aimed(target, Image.new("RGB", (10, 20))) is target


@pytest.mark.parametrize("size", [(1, 1), (16_383, 1), (1, 16_383), (10_000, 10_000), (16_383, 6_000)])
def test_what_is_looked_at_has_bounds(size: tuple[int, int]) -> None:
    width, height = look_size(*size)
    assert 1 <= width <= min(size[0], LONGEST)
    assert 1 <= height <= min(size[1], LONGEST)
    assert width * height <= MOST_PIXELS


def test_noise_of_all_sizes_is_no_face_and_takes_no_endless_comparison() -> None:
    generator = np.random.default_rng(2)
    for size in ((320, 320), (16, 640), (17, 31)):
        assert faces(generator.integers(0, 256, (*size, 3), np.uint8)) == []


def test_a_crowd_is_bounded(person: Image.Image) -> None:
    crowd = Image.new("RGB", (320, 320))
    for x in range(0, 320, 40):
        for y in range(0, 320, 40):
            crowd.paste(person.crop((120, 20, 320, 220)).resize((40, 40)), (x, y))
    assert 20 <= len(faces(np.asarray(crowd))) <= 200
    assert "," in aimed(Target("x", 100, 50, "cover", "smart"), crowd).gravity


@pytest.mark.parametrize("format", ["PNG", "WEBP", "GIF"])
def test_an_animation_stays_where_its_first_frame_shows_most(
    person: Image.Image, rendered: Render, format: str
) -> None:
    first = at((300, 100), (200, 0), person.resize((100, 100)))
    file = BytesIO()
    first.save(file, format, save_all=True, append_images=[Image.new("RGB", (300, 100), "navy")])
    shown = rendered(file.getvalue(), (100, 100), format="webp", fit="cover", gravity="smart")
    left = np.asarray(shown.convert("L"))[:, :20].astype(int)
    assert left.std() > 10  # the photo, not the gray beside it


def test_transparent_pixels_say_nothing(rendered: Render) -> None:
    hidden = np.zeros((100, 300, 4), np.uint8)
    hidden[:, :100, :3] = np.random.default_rng(3).integers(0, 256, (100, 100, 3))
    data = encoded(Image.fromarray(hidden, "RGBA"), "PNG")
    center = rendered(data, (100, 100), fit="cover", gravity="center")
    assert rendered(data, (100, 100), fit="cover", gravity="smart").tobytes() == center.tobytes()


def test_other_plans_never_load_the_network() -> None:
    script = "import sys, imageservice.engine.render; assert not any('engine.smart' in each for each in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True, env={"PYTHONPATH": str(FUNCTIONS)})
