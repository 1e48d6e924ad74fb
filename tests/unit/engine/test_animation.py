"""Moving images move on: frames, times, loops and disposal come out as they were seen."""

import struct
from io import BytesIO
from pathlib import Path

import pytest
from engine_scenes import Compare, chunk, encoded, scene
from PIL import Image, ImageSequence

from imageservice.adapters.plan_loader import load_plan
from imageservice.core.limits import Limits
from imageservice.core.rendition_plan import Target
from imageservice.engine.encode_animation import RenderedFrame, encode_animation
from imageservice.engine.inspection import inspect
from imageservice.engine.render import render

COLORS = [(220, 30, 30), (30, 200, 30), (30, 30, 220)]


def film(data: bytes, format: str, size: tuple[int, int] | None = None) -> list[tuple[Image.Image, int]]:
    """The frames, and how long each stays, of what `data` comes out as."""
    original = inspect(BytesIO(data), len(data), Limits())
    target = Target("test", *(size or (original.width, original.height)), "contain", "center")
    made = Image.open(BytesIO(render(data, target, (format,), Limits()).images[0].data))
    return [(frame.convert("RGBA"), round(frame.info["duration"])) for frame in ImageSequence.Iterator(made)]


def moving(format: str, durations: list[int], **options: object) -> bytes:
    frames = [Image.new("RGB", (40, 30), color) for color in COLORS]
    return encoded(frames[0], format, save_all=True, append_images=frames[1:], duration=durations, **options)


def color_of(image: Image.Image) -> tuple[int, ...]:
    return image.getpixel((20, 15))[:3]  # type: ignore[index]


@pytest.mark.parametrize("out", ["webp", "gif"])
@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "AVIF"])
def test_frames_and_their_times_are_kept(kind: str, out: str) -> None:
    got = film(moving(kind, [100, 250, 400]), out)
    assert [duration for _, duration in got] == [100, 250, 400]
    for (frame, _), wanted in zip(got, COLORS, strict=True):
        assert all(abs(a - b) < 14 for a, b in zip(color_of(frame), wanted, strict=True))


@pytest.mark.parametrize("out", ["webp", "gif"])
@pytest.mark.parametrize(("loop", "wanted"), [(0, 0), (3, 3)])
@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_the_number_of_loops_is_kept(kind: str, loop: int, wanted: int, out: str) -> None:
    made = render(
        moving(kind, [100] * 3, loop=loop), Target("x", 40, 30, "contain", "center"), (out,), Limits()
    ).images[0]
    # GIF counts how often it plays again.
    assert Image.open(BytesIO(made.data)).info["loop"] == (wanted - 1 if out == "gif" and wanted else wanted)


def test_a_gif_without_a_loop_count_plays_once() -> None:
    made = render(moving("GIF", [100] * 3), Target("x", 40, 30, "contain", "center"), ("webp",), Limits())
    assert Image.open(BytesIO(made.images[0].data)).info["loop"] == 1


def test_frames_too_short_to_be_shown_take_as_long_as_in_browsers() -> None:
    assert [duration for _, duration in film(moving("GIF", [0, 10, 20]), "webp")] == [100, 100, 20]


@pytest.mark.parametrize("out", ["webp", "gif"])
def test_a_frame_that_is_disposed_of_uncovers_what_was_below(out: str) -> None:
    background = Image.new("RGBA", (40, 30), (220, 30, 30, 255))
    patch = Image.new("RGBA", (40, 30), (0, 0, 0, 0))
    patch.paste((30, 30, 220, 255), (10, 5, 30, 25))
    empty = Image.new("RGBA", (40, 30), (0, 0, 0, 0))
    data = encoded(
        background,
        "PNG",
        save_all=True,
        append_images=[patch, empty],
        duration=100,
        disposal=[0, 2, 0],
        blend=1,
    )
    colors = [color_of(frame) for frame, _ in film(data, out)]
    assert [max(range(3), key=color.__getitem__) for color in colors] == [0, 2, 0]


def test_what_a_gif_clears_becomes_transparent() -> None:
    frames = [Image.new("P", (40, 30), 0) for _ in range(2)]
    for at, frame in enumerate(frames):
        frame.putpalette([0, 0, 0, 250, 10, 10])
        frame.paste(1, (20 * at, 0, 20 * at + 20, 30))
    data = encoded(
        frames[0], "GIF", save_all=True, append_images=frames[1:], disposal=2, transparency=0, duration=100
    )
    second = film(data, "webp")[1][0]
    assert (second.getpixel((5, 5))[3], second.getpixel((30, 5))[3]) == (0, 255)  # type: ignore[index]


def test_a_real_animation_keeps_its_hundred_frames(samples: Path, alike: Compare) -> None:
    data = (samples / "gears-101frames.webp").read_bytes()
    got = film(data, "webp", (160, 120))
    with Image.open(BytesIO(data)) as source:
        times = []
        for number, (frame, _) in enumerate(got):
            source.seek(number)
            source.load()
            times.append(round(source.info["duration"]))
            if number % 25 == 0:
                alike(frame, source.convert("RGBA").resize((160, 120), Image.Resampling.LANCZOS), 6.0)
    assert [duration for _, duration in got] == times


def test_a_real_gif_is_alike_in_all_frames(samples: Path, alike: Compare) -> None:
    data = (samples / "text-11frames.gif").read_bytes()
    with Image.open(BytesIO(data)) as source:
        for number, (frame, _) in enumerate(film(data, "gif")):
            source.seek(number)
            alike(frame, source.convert("RGBA"), 7.5)  # measured: up to 6.2, one palette for 2,484 colors


def test_a_moving_image_has_no_avif(samples: Path) -> None:
    data = (samples / "text-11frames.gif").read_bytes()
    assert load_plan().default.formats_for(inspect(BytesIO(data), len(data), Limits())) == (
        "webp",
        "fallback",
    )


def test_a_still_is_made_of_the_first_frame() -> None:
    made = render(moving("GIF", [100] * 3), Target("x", 40, 30, "contain", "center"), ("jpeg",), Limits())
    got = Image.open(BytesIO(made.images[0].data)).convert("RGB").getpixel((20, 15))
    assert all(abs(a - b) < 6 for a, b in zip(got, COLORS[0], strict=True))  # type: ignore[arg-type]


def test_an_animation_cut_off_inside_a_frame_is_refused() -> None:
    from imageservice.core.errors import ImageRejected

    frames = [scene().rotate(30 * turn) for turn in range(4)]
    for kind in ("GIF", "PNG", "WEBP"):
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        with pytest.raises(ImageRejected, match=r"cut off|damaged"):
            film(data[: len(data) * 3 // 4], "webp")


@pytest.mark.parametrize("out", ["webp", "gif"])
def test_frames_of_many_hours_last_as_long_as_a_gif_can_say(out: str) -> None:
    data = _lasting(moving("PNG", [10_000] * 3), 65_535)
    assert [time for _, time in film(data, out)] == [655_350] * 3


def test_equal_frames_in_a_row_are_not_too_long_for_a_gif() -> None:
    frames = [
        RenderedFrame(Image.new("RGB", (40, 30), color), 655_350) for color in (*COLORS[:1] * 3, COLORS[1])
    ]
    made = Image.open(BytesIO(encode_animation(frames, 0, "gif", {})))
    assert [frame.info["duration"] for frame in ImageSequence.Iterator(made)] == [655_350] * 2


def _lasting(png: bytes, seconds: int) -> bytes:
    """The APNG with each frame shown for so long."""
    at = 8
    changed = b""
    while at < len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        data = png[at + 8 : at + 8 + length]
        if kind == b"fcTL":
            data = data[:20] + struct.pack(">HH", seconds, 1) + data[24:]
        changed += chunk(kind, data)
        at += 12 + length
    return png[:8] + changed
