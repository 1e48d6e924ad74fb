"""The HTML that shows an image on a page: `srcset` and `<picture>`."""

from collections.abc import Callable
from html import escape

from imageservice.core.formats import FORMATS, MODERN
from imageservice.core.manifest import Manifest, Rendition
from imageservice.core.negotiation import uncropped


def srcset_by_format(manifest: Manifest, link: Callable[[Rendition], str]) -> dict[str, str]:
    """A `srcset` per format, best format first, of the renditions that show the whole image, narrowest first.

    Each width is there once: HTML lets a browser drop the second of two candidates with the same width.
    """
    whole = _by_width(manifest)
    formats = sorted(
        {rendition["format"] for rendition in whole}, key=lambda name: (*MODERN, name).index(name)
    )
    return {
        name: ", ".join(f"{link(each)} {each['width']}w" for each in whole if each["format"] == name)
        for name in formats
    }


def picture(manifest: Manifest, srcset: dict[str, str], link: Callable[[Rendition], str]) -> str:
    """A `<picture>` that keeps its size when the image arrives, and requests no more pixels than are shown."""
    whole = _by_width(manifest)
    fallback = [rendition for rendition in whole if rendition["format"] not in MODERN] or whole
    largest = fallback[-1]
    sizes = escape(f"(max-width: {largest['width']}px) 100vw, {largest['width']}px")
    sources = "".join(
        f'<source type="{FORMATS[name].media_type}" srcset="{escape(candidates)}" sizes="{sizes}">'
        for name, candidates in srcset.items()
        if name != largest["format"]
    )
    style = escape(_style(manifest))
    return (
        f'<picture>{sources}<img src="{escape(link(largest))}" srcset="{escape(srcset[largest["format"]])}" '
        f'sizes="{sizes}" width="{largest["width"]}" height="{largest["height"]}" '
        f'style="{style}" loading="lazy" decoding="async" alt=""></picture>'
    )


def _by_width(manifest: Manifest) -> list[Rendition]:
    """The renditions that show the whole image, narrowest first. Of two with the same width, the one closest to the
    aspect."""
    width, height = manifest["width"], manifest["height"]
    closest: dict[tuple[int, str], Rendition] = {}
    for each in sorted(
        uncropped(manifest), key=lambda each: abs(each["width"] * height - each["height"] * width)
    ):
        closest.setdefault((each["width"], each["format"]), each)
    return sorted(closest.values(), key=lambda each: each["width"])


def _style(manifest: Manifest) -> str:
    """Scales down with the page, keeps the aspect, and shows color and placeholder until the image is loaded.

    A background stays behind the image, so a transparent image has none: it would show through.
    """
    if manifest.get("alpha", False):
        return "max-width:100%;height:auto"
    background = f"background:{manifest['color']}" if "color" in manifest else ""
    if "placeholder" in manifest:
        background += f" url({manifest['placeholder']}) center/cover"
    return f"max-width:100%;height:auto;{background}".rstrip(";")
