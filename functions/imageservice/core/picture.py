"""What shows an image on a page: `srcset` and `<picture>`, as HTML and as its attributes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Final, Literal, TypedDict

from imageservice.core.formats import FORMATS, MODERN
from imageservice.core.manifest import Manifest, Rendition
from imageservice.core.negotiation import uncropped

LOADING: Final = ("lazy", "eager")
FETCHPRIORITY: Final = ("auto", "high", "low")
STYLE: Final = ("inline", "none")


@dataclass(frozen=True, slots=True)
class PictureOptions:
    """What a page wants of its `<picture>`. Without `sizes`, they are chosen.

    `alt` is the text that stands for the image; the empty one says that the image is decoration. Without it, the
    image's own is taken. Without `style`, a page with a strict Content-Security-Policy accepts the HTML.
    """

    sizes: str = ""
    alt: str | None = None
    css_class: str = ""
    loading: Literal["lazy", "eager"] = "lazy"
    fetchpriority: Literal["auto", "high", "low"] = "auto"
    style: bool = True


class Parts(TypedDict):
    """The attributes of each `<source>`, in their order, and those of the `<img>`."""

    sources: list[dict[str, str]]
    img: dict[str, str]


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


def parts(
    manifest: Manifest, srcset: dict[str, str], link: Callable[[Rendition], str], options: PictureOptions
) -> Parts:
    """The attributes of a `<picture>` that keeps its room until the image is there, and loads only the pixels it shows.

    While it loads lazily, a browser that knows `sizes="auto"` takes the width that the page gives the image. Others
    read what follows: that the image is as wide as the window, up to its own width.
    """
    whole = _by_width(manifest)
    fallback = [rendition for rendition in whole if rendition["format"] not in MODERN] or whole
    largest = fallback[-1]
    width = largest["width"]
    sizes = options.sizes or f"(max-width: {width}px) 100vw, {width}px"
    if options.loading == "lazy" and not options.sizes:
        sizes = f"auto, {sizes}"
    image = {
        "src": link(largest),
        "srcset": srcset[largest["format"]],
        "sizes": sizes,
        "width": str(width),
        "height": str(largest["height"]),
        "loading": options.loading,
        "decoding": "async",
        "alt": _own(manifest, "alt") if options.alt is None else options.alt,
    }
    if options.fetchpriority != "auto":
        image["fetchpriority"] = options.fetchpriority
    if options.css_class:
        image["class"] = options.css_class
    if options.style:
        image["style"] = _style(manifest)
    sources = [
        {"type": FORMATS[name].media_type, "srcset": candidates, "sizes": sizes}
        for name, candidates in srcset.items()
        if name != largest["format"]
    ]
    return Parts(sources=sources, img=image)


def picture(of: Parts) -> str:
    """The HTML of these parts."""
    sources = "".join(f"<source{_attributes(source)}>" for source in of["sources"])
    return f"<picture>{sources}<img{_attributes(of['img'])}></picture>"


def figure(manifest: Manifest, picture: str) -> str:
    """The HTML of the picture with its caption, credit and copyright, which stand on their own in any direction.

    Empty if the image has none of them.
    """
    caption = escape(_own(manifest, "caption")).replace("\n", "<br>")
    small = " · ".join(filter(None, (escape(_own(manifest, name)) for name in ("credit", "copyright"))))
    parts = [part for part in (caption, f"<small>{small}</small>" if small else "") if part]
    return f'<figure>{picture}<figcaption dir="auto">{" ".join(parts)}</figcaption></figure>' if parts else ""


def _own(manifest: Manifest, name: Literal["alt", "caption", "credit", "copyright"]) -> str:
    return manifest.get("text", {}).get(name, "")


def _attributes(values: Mapping[str, str]) -> str:
    return "".join(f' {name}="{escape(value)}"' for name, value in values.items())


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
