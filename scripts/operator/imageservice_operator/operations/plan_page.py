"""A page that shows, for a few images, a rendition before and after a change of plan, and the difference."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from imageservice.core.formats import FORMATS
from imageservice_operator.operations.plan_effect import Sampled, bytes_of
from imageservice_operator.operations.stack import Stack
from imageservice_operator.operations.wording import size as in_bytes

_WIDEST = 640  # shown; the page holds its images
_FORMATS = ("webp", "jpeg", "png", "gif", "avif")  # what every browser shows comes first
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #222; }
h2 { font-size: 1rem; margin: 2.5rem 0 .5rem; overflow-wrap: anywhere; }
.row { display: grid; grid-template-columns: repeat(3, 1fr); gap: 1rem; align-items: start; }
figure { margin: 0; } figcaption { color: #666; font-size: .85rem; }
img { width: 100%; height: auto; display: block; background: #eee; }
.difference { position: relative; isolation: isolate; filter: brightness(8); background: #000; }
.difference img + img { position: absolute; inset: 0; height: 100%; mix-blend-mode: difference; }
table { border-collapse: collapse; margin-top: .5rem; font-size: .85rem; }
td, th { padding: .1rem .75rem .1rem 0; text-align: right; } td:first-child, th:first-child { text-align: left; }
"""


def page(stack: Stack, sample: Sequence[Sampled], title: str) -> str:
    """The page as HTML that needs nothing else: the images are in it, and no script is."""
    title = escape(_readable(title))
    sections = "\n".join(_section(stack, each) for each in sample)
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{title}</title>
<style>{_STYLE}</style>
<h1>{title}</h1>
<p>A rendition of each image as it is served now, and as the new plan makes it. The difference is eight times as bright:
black is equal.</p>
{sections}
</html>
"""


def pair(sampled: Sampled) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
    """The two renditions to compare: of one name if there is one, otherwise the nearest in width. None without two."""
    old, new = _shown(sampled.before), _shown(sampled.after)
    if not old or not new:
        return None
    fitting = [each for each in new if each["width"] <= _WIDEST] or [min(new, key=lambda each: each["width"])]
    names = {each["size"] for each in old}
    after = max(fitting, key=lambda each: (each["size"] in names, each["width"]))
    before = min(old, key=lambda each: (each["size"] != after["size"], abs(each["width"] - after["width"])))
    return before, after


def _shown(renditions: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """One rendition of each size, in a format that every browser shows if there is one."""
    by_size: dict[str, Mapping[str, Any]] = {}
    for each in sorted(renditions, key=lambda each: _FORMATS.index(each["format"])):
        by_size.setdefault(each["size"], each)
    return list(by_size.values())


def _section(stack: Stack, sampled: Sampled) -> str:
    heading = f"<h2>{escape(_readable(sampled.id))}</h2>"
    if sampled.rejected is not None:
        return f"{heading}<p>Can't be made: {escape(_readable(sampled.rejected))}</p>"
    chosen = pair(sampled)
    if chosen is None:
        return f"{heading}<p>Nothing to compare.</p>"
    links = [_data(stack, each) for each in chosen]
    captions = [
        f"{each['size']} {each['format']}, {each['width']} × {each['height']}, {in_bytes(each['bytes'])}"
        for each in chosen
    ]
    pictures = [f'<img src="{link}" alt="">' for link in links]
    return f"""{heading}
<div class="row">
<figure>{pictures[0]}<figcaption>before: {escape(captions[0])}</figcaption></figure>
<figure>{pictures[1]}<figcaption>after: {escape(captions[1])}</figcaption></figure>
<figure><div class="difference">{pictures[0]}{pictures[1]}</div><figcaption>difference</figcaption></figure>
</div>
{_table(sampled)}"""


def _table(sampled: Sampled) -> str:
    rows = []
    for name in dict.fromkeys(each["size"] for each in (*sampled.before, *sampled.after)):
        before, after = (
            [each for each in renditions if each["size"] == name]
            for renditions in (sampled.before, sampled.after)
        )
        cells = [in_bytes(bytes_of(each)) if each else "–" for each in (before, after)]
        rows.append(f"<tr><td>{escape(name)}</td><td>{cells[0]}</td><td>{cells[1]}</td></tr>")
    return f"<table><tr><th>size</th><th>before</th><th>after</th></tr>{''.join(rows)}</table>"


def _data(stack: Stack, rendition: Mapping[str, Any]) -> str:
    answer = stack.client("s3").get_object(Bucket=stack.processed_bucket, Key=rendition["key"])
    data = base64.b64encode(answer["Body"].read()).decode()
    return f"data:{FORMATS[rendition['format']].media_type};base64,{data}"


def _readable(text: str) -> str:
    return "".join(character if character.isprintable() else "�" for character in text)
