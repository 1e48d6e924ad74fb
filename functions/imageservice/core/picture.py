"""The HTML that shows an image on a page: `srcset` and `<picture>`."""

from collections.abc import Callable
from html import escape

from imageservice.core.formats import FORMATS, MODERN
from imageservice.core.manifest import Manifest, Rendition
from imageservice.core.negotiation import uncropped


def srcset_by_format(manifest: Manifest, link: Callable[[Rendition], str]) -> dict[str, str]:
    """A `srcset` per format, the formats best first, with what shows the whole image, by rising width."""
    whole = sorted(uncropped(manifest), key=lambda rendition: rendition["width"])
    formats = sorted(
        {rendition["format"] for rendition in whole}, key=lambda name: (*MODERN, name).index(name)
    )
    return {
        name: ", ".join(f"{link(each)} {each['width']}w" for each in whole if each["format"] == name)
        for name in formats
    }


def picture(manifest: Manifest, srcset: dict[str, str], link: Callable[[Rendition], str]) -> str:
    """A `<picture>` that takes no more room when the image arrives than before, and asks for no more than is shown."""
    whole = sorted(uncropped(manifest), key=lambda rendition: rendition["width"])
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


def _style(manifest: Manifest) -> str:
    """Scales down with the page, keeps the aspect, and shows color and placeholder until the image is there."""
    background = f"background:{manifest['color']}" if "color" in manifest else ""
    if "placeholder" in manifest:
        background += f" url({manifest['placeholder']}) center/cover"
    return f"max-width:100%;height:auto;{background}".rstrip(";")
