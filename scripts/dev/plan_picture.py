"""Draws docs/images/plan.webp, what each setting of a rendition plan does: `python -m dev.plan_picture [FILE]`.

Every picture on it is made by the engine from a sample image. Debian's Chromium lays them out, in the tests'
environment: `PYTHONPATH=scripts:scripts/operator:functions .venv/test/bin/python -m dev.plan_picture`
"""

from __future__ import annotations

import base64
import sys
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from dev import drawn_page, samples
from dev.checks import ROOT
from imageservice.core.formats import FORMATS
from imageservice.core.limits import Limits
from imageservice.core.rendition_plan import Light, Plan, Size
from imageservice.engine.inspection import inspect
from imageservice.engine.pillow_limits import set_pillow_limits
from imageservice.engine.render import render

PHOTO, ALPHA, FINE = "landscape-orientation6.jpg", "cases/logo-palette.png", "cases/checker.png"
PERSON = "astronaut.jpg"
STYLE = """
body { font: 14px/1.35 system-ui, sans-serif; margin: 0; padding: 20px; width: 1040px; color: #222; background: #fff; }
h2 { font-size: 15px; margin: 22px 0 8px; } h2:first-child { margin-top: 0; } code { font-size: 12.5px; }
.row { display: flex; gap: 18px; align-items: flex-end; } figure { margin: 0; }
img { display: block; background: repeating-conic-gradient(#ddd 0 25%, #fff 0 50%) 0 0 / 14px 14px; }
figcaption { margin-top: 5px; max-width: 235px; } small { color: #666; }
.zoomed { image-rendering: pixelated; }
"""


@dataclass(frozen=True)
class Shown:
    """One picture: `size` of a sample in `format`, `zoom` times as large as it is."""

    caption: str
    size: Size
    sample: str = PHOTO
    format: str = "webp"
    quality: dict[str, int] = field(default_factory=dict)
    light: Light = "linear"
    zoom: int = 1
    focus: str = ""


ROWS: dict[str, list[Shown]] = {
    "fit": [
        Shown("<code>width 200</code>", Size("a", 200)),
        Shown("<code>width 200, height 150, contain</code>", Size("a", 200, 150)),
        Shown("<code>width 200, height 150, cover</code>", Size("a", 200, 150, "cover")),
        Shown("<code>150 × 150, cover</code>", Size("a", 150, 150, "cover")),
    ],
    "gravity, of two covers": [
        Shown(f"<code>{gravity}</code>", Size("a", width, height, "cover", gravity))
        for gravity, width, height in (
            ("top", 230, 90),
            ("center", 230, 90),
            ("bottom", 230, 90),
            ("left", 85, 133),
            ("right", 85, 133),
        )
    ],
    "gravity of a photo of a person, and a focal point of the image": [
        Shown("<code>150 × 150, contain</code>", Size("a", 150, 150), PERSON),
        Shown("<code>center</code>", Size("a", 230, 90, "cover"), PERSON),
        Shown("<code>smart</code>", Size("a", 230, 90, "cover", "smart"), PERSON),
        Shown("focal point <code>0.6,0.95</code>", Size("a", 230, 90, "cover"), PERSON, focus="0.6,0.95"),
    ],
    "quality, 100 pixels shown twice as large": [
        Shown(
            f"<code>{name} {quality}</code>",
            Size("a", 100, 100, "cover"),
            format=name,
            quality={name: quality},
            zoom=2,
        )
        for name, quality in (("webp", 95), ("webp", 80), ("webp", 20), ("jpeg", 20))
    ],
    "formats, of an image with transparency": [
        Shown(f"<code>{name}</code>", Size("a", 200), ALPHA, name) for name in ("avif", "webp", "fallback")
    ],
    "light, of a fine pattern that is half black and half white": [
        Shown(f"<code>{light}</code>", Size("a", 200, 90, "cover"), FINE, "fallback", light=light)
        for light in ("linear", "gamma")
    ],
}


def main(file: Path) -> None:
    """Writes the picture into `file`, as WebP."""
    set_pillow_limits()
    rows = "".join(
        f'<h2>{name}</h2><div class="row">{"".join(map(_figure, shown))}</div>'
        for name, shown in ROWS.items()
    )
    drawn_page.save(file, STYLE, rows, width=1080)


def _figure(shown: Shown) -> str:
    data = (samples.STORED / shown.sample).read_bytes()
    original = inspect(BytesIO(data), len(data), Limits())
    (target,) = Plan((shown.size,), ("fallback",)).targets(original, shown.focus)
    (made,) = render(data, target, [shown.format], Limits(), shown.quality, light=shown.light).images
    link = f"data:{FORMATS[made.format].media_type};base64,{base64.b64encode(made.data).decode()}"
    size = f'width="{made.width * shown.zoom}" height="{made.height * shown.zoom}"'
    about = f"{made.width} × {made.height} {made.format}, {len(made.data):,} bytes"
    return (
        f'<figure><img class="{"zoomed" if shown.zoom > 1 else ""}" src="{link}" {size}>'
        f"<figcaption>{shown.caption}<br><small>{about}</small></figcaption></figure>"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs/images/plan.webp")
