"""Drawn images of many kinds, at their own size: what repeats in them exactly, to the pixel, and what only looks alike.

Shrinking ends most repetitions, because a letter then begins at another part of a pixel each time.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from dev.checks import ROOT
from dev.samples import STORED, present

Draw = Callable[[], Image.Image]
_WORDS = (
    "the quick brown fox jumps over a lazy dog and writes long letters to its bank about every fee".split()
)

_SCREENSHOTS = (
    ("with photos", "images"),
    ("of a table", "executions"),
    ("of a dark page", "dark"),
    ("of figures", "overview"),
    ("of a form", "record"),
)


def images() -> Iterator[tuple[str, Image.Image]]:
    """Names and images, in RGB."""
    yield "interface of text", interface(1280)
    yield "interface of text, 640", interface(640)
    yield "red text on blue", red_on_blue()
    yield "code, dark", code()
    yield "table", table()
    yield "page of text", page()
    yield "page of text, shrunk", shrunk(page(), 0.63)
    yield "table, shrunk", shrunk(table(), 0.63)
    yield "icons", icons()
    yield "diagram", diagram()
    yield "map", street_map()
    yield "comic", comic()
    yield "pixel art", pixel_art()
    for name, page_name in _SCREENSHOTS:
        file = ROOT / "docs" / "images" / f"console-{page_name}.webp"
        yield f"screenshot {name}", _opened(file, 1180)
        yield f"screenshot {name}, shrunk", _opened(file, 826)
    yield "chart", _opened(present(STORED / "chart.png"), 1280)
    yield "logo", _opened(present(STORED / "cases" / "logo-palette.png"), 1280)
    yield "photo", _opened(present(STORED / "tomatoes-12mp.jpg"), 640)


def interface(width: int) -> Image.Image:
    """A page of an application, drawn at 2560 pixels."""
    page = Image.new("RGB", (2560, 1800), "#f6f7f9")
    page.paste("#8f5bd6", (0, 0, 2560, 160))
    page.paste("#3b2db0", (0, 0), Image.linear_gradient("L").resize((2560, 160)))
    draw = ImageDraw.Draw(page)
    for row in range(9):
        top = 200 + row * 170
        draw.rounded_rectangle((60, top, 2500, top + 150), 18, fill="white", outline="#d8dbe2", width=2)
        draw.text((260, top + 20), f"Order #10{row}42, Ada Lovelace", "#202430", ImageFont.load_default(44))
        draw.text((260, top + 80), "Paid by card, shipped on Tuesday", "#6b7280", ImageFont.load_default(34))
        badge = ("#16a34a", "#dc2626", "#d97706")[row % 3]
        draw.rounded_rectangle((2140, top + 40, 2460, top + 110), 30, fill=badge)
        draw.text((2180, top + 50), "Delivered", "white", ImageFont.load_default(44))
    return page.resize((width, width * 45 // 64), Image.Resampling.LANCZOS)


def red_on_blue() -> Image.Image:
    page = Image.new("RGB", (640, 300), (0, 0, 160))
    draw = ImageDraw.Draw(page)
    for row in range(14):
        draw.text(
            (5, 5 + 20 * row), f"Colored edges fade {row} " * 2, (255, 30, 30), ImageFont.load_default(20)
        )
    return page


def code() -> Image.Image:
    """An editor: each letter has a cell of its own."""
    screen, font, chance = Image.new("RGB", (1280, 800), "#1e1e2e"), ImageFont.load_default(17), _chance()
    draw = ImageDraw.Draw(screen)
    colors = ("#cdd6f4", "#89b4fa", "#a6e3a1", "#f38ba8", "#fab387")
    for row in range(40):
        column = 60 + 44 * int(chance.integers(0, 5))
        while column < 1000:
            color = str(chance.choice(colors))
            for letter in _word(chance) + str(chance.choice(["(", ")", "=", ".", ":", ","])):
                draw.text((column, 6 + row * 20), letter, color, font)
                column += 11
            column += 11
    return screen


def table() -> Image.Image:
    sheet, font, chance = Image.new("RGB", (1280, 900), "white"), ImageFont.load_default(18), _chance()
    draw = ImageDraw.Draw(sheet)
    for row in range(36):
        draw.line((0, row * 25, 1280, row * 25), "#d0d4da")
        for column in range(8):
            draw.line((column * 160, 0, column * 160, 900), "#d0d4da")
            text = f"{chance.integers(10, 99_999):,}.00" if column else _word(chance)
            draw.text((column * 160 + 8, row * 25 + 2), text, "#202124", font)
    return sheet


def page() -> Image.Image:
    """Proportional text, whose letters begin anywhere."""
    sheet, chance = Image.new("RGB", (1000, 1400), "#fffdf8"), _chance()
    draw = ImageDraw.Draw(sheet)
    for row in range(56):
        font = ImageFont.load_default(19.5 if row % 14 else 31)
        words = " ".join(_word(chance) for _ in range(17 if row % 14 else 8))
        draw.text((60.3, 40 + row * 23.7), words, "#222222", font)
    return sheet


def icons() -> Image.Image:
    """A grid of 12 icons, each many times."""
    sheet, chance = Image.new("RGB", (960, 960), "#eef1f6"), _chance()
    drawn = []
    for number in range(12):
        large = Image.new("RGB", (256, 256), "#eef1f6")
        draw = ImageDraw.Draw(large)
        color = tuple(int(level) for level in chance.integers(0, 255, 3))
        draw.rounded_rectangle((16, 16, 240, 240), 48, fill=color)
        draw.regular_polygon((128, 128, 80), 3 + number % 6, rotation=number * 11, fill="white")
        draw.ellipse((100, 100, 156, 156), fill=color)
        drawn.append(large.resize((64, 64), Image.Resampling.LANCZOS))
    for place in range(15 * 15):
        sheet.paste(drawn[chance.integers(12)], (place % 15 * 64, place // 15 * 64))
    return sheet


def diagram() -> Image.Image:
    """Boxes, lines and labels, drawn at twice the size."""
    sheet, font, chance = Image.new("RGB", (2400, 1600), "white"), ImageFont.load_default(34), _chance()
    draw = ImageDraw.Draw(sheet)
    spots = [(180 + 520 * column, 140 + 380 * row) for row in range(4) for column in range(5)]
    for start in spots:
        end = spots[chance.integers(len(spots))]
        draw.line((start[0] + 140, start[1] + 60, end[0] + 140, end[1] + 60), "#5f6368", 4)
    for left, top in spots:
        fill = str(chance.choice(["#e8f0fe", "#e6f4ea", "#fef7e0"]))
        draw.rounded_rectangle((left, top, left + 280, top + 120), 20, fill=fill, outline="#1a73e8", width=4)
        draw.text((left + 30, top + 36), _word(chance) + " service", "#202124", font)
    return sheet.resize((1200, 800), Image.Resampling.LANCZOS)


def street_map() -> Image.Image:
    """Streets, parks, a river and names, drawn at twice the size."""
    sheet, font, chance = Image.new("RGB", (2560, 1920), "#f2efe9"), ImageFont.load_default(30), _chance()
    draw = ImageDraw.Draw(sheet)
    for _ in range(30):
        left, top = (int(chance.integers(0, side)) for side in sheet.size)
        draw.regular_polygon(
            (left, top, int(chance.integers(40, 160))), 5, int(chance.integers(90)), "#c8e6b8"
        )
    for width, outline, count in ((26, "#d9a441", 9), (16, "#cfcac0", 60)):
        for _ in range(count):
            ends = [int(chance.integers(-200, 2800)) for _ in range(4)]
            draw.line(ends, outline, width)
            draw.line(ends, "#ffffff" if width == 16 else "#f9d77e", width - 6)
    curve = [(x, 900 + int(220 * np.sin(x / 320))) for x in range(-20, 2600, 20)]
    draw.line(curve, "#a9d3ee", 90, joint="curve")
    for _ in range(60):
        place = tuple(int(chance.integers(0, side)) for side in sheet.size)
        draw.text((place[0], place[1]), _word(chance).title() + " Street", "#555555", font)
    return sheet.resize((1280, 960), Image.Resampling.LANCZOS)


def comic() -> Image.Image:
    """Panels with outlines, flat colors and halftone dots, drawn at twice the size."""
    sheet, chance = Image.new("RGB", (1800, 2400), "white"), _chance()
    draw = ImageDraw.Draw(sheet)
    for number in range(6):
        left, top = 40 + number % 2 * 880, 40 + number // 2 * 790
        sky = str(chance.choice(["#ffd54f", "#81d4fa", "#ef9a9a"]))
        draw.rectangle((left, top, left + 840, top + 750), sky, "black", 10)
        for row in range(0, 360, 14):
            for column in range(0, 820, 14):
                reach = 5 * (1 - row / 380)
                middle = left + 14 + column + row % 28 // 2, top + 14 + row
                draw.ellipse(
                    (middle[0] - reach, middle[1] - reach, middle[0] + reach, middle[1] + reach), "#e57373"
                )
        for _ in range(4):
            at = left + int(chance.integers(140, 700)), top + int(chance.integers(300, 600))
            radius = int(chance.integers(50, 130))
            box = at[0] - radius, at[1] - radius, at[0] + radius, at[1] + radius
            draw.ellipse(box, str(chance.choice(["#ffccaa", "#c5e1a5", "#b39ddb"])), "black", 8)
            draw.arc((box[0] + 30, box[1] + 30, box[2] - 30, box[3] - 30), 20, 160, "black", 8)
    return sheet.resize((900, 1200), Image.Resampling.LANCZOS)


def pixel_art() -> Image.Image:
    """Tiles of 16 × 16 pixels, as in games, doubled."""
    chance = _chance()
    tiles = [chance.integers(0, 5, (16, 16)) for _ in range(20)]
    colors = chance.integers(0, 255, (5, 3)).astype(np.uint8)
    rows = [np.hstack([tiles[chance.integers(20)] for _ in range(25)]) for _ in range(20)]
    return Image.fromarray(colors[np.vstack(rows)]).resize((800, 640), Image.Resampling.NEAREST)


def _chance() -> np.random.Generator:
    return np.random.default_rng(7)


def _word(chance: np.random.Generator) -> str:
    return _WORDS[chance.integers(len(_WORDS))]


def _opened(file: Path, width: int) -> Image.Image:
    with Image.open(file) as opened:
        image = opened.convert("RGBA")
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image)
    image = white.convert("RGB")
    return image if image.width == width else shrunk(image, width / image.width)


def shrunk(image: Image.Image, factor: float) -> Image.Image:
    """The image at `factor` times its size."""
    size = round(image.width * factor), round(image.height * factor)
    return image.resize(size, Image.Resampling.LANCZOS)
