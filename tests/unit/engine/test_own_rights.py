"""Copyright and credit that an original of any format says itself, in Exif, IPTC or texts; hostile ones say nothing."""

import struct
import zlib
from io import BytesIO

import pytest
from engine_scenes import encoded, scene
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pillow_heif import from_pillow

from imageservice.core.limits import Limits
from imageservice.core.rendition_plan import Target
from imageservice.engine.containers.bounded_file import BoundedFile
from imageservice.engine.inspection import read_header
from imageservice.engine.own_rights import own_rights
from imageservice.engine.render import render
from imageservice.engine.xmp import packet, rights_in

SAID = {"copyright": "© Zoë", "credit": "Ann"}
NOTHING = {"copyright": None, "credit": None}


def exif() -> bytes:
    tags = Image.Exif()
    tags[0x8298], tags[0x013B], tags[0x010F] = SAID["copyright"].encode(), "Ann", "Camera"
    return tags.tobytes()


def heic(block: bytes) -> bytes:
    made = BytesIO()
    from_pillow(scene()).save(made, format="HEIF", exif=block)
    return made.getvalue()


def with_chunk(png: bytes, kind: bytes, body: bytes, *, late: bool = False) -> bytes:
    """The PNG with one chunk more, before its pixels, or behind them."""
    place = png.index(b"IEND" if late else b"IDAT") - 4
    chunk = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return png[:place] + chunk + png[place:]


def in_xmp(data: bytes) -> dict[str, str]:
    """What a rendition of the original says."""
    target = Target("x", 48, 32, "contain", "center")
    return rights_in(render(data, target, ("webp",), Limits(), rights=NOTHING).images[0].data)


def own(data: bytes) -> dict[str, str]:
    file = BoundedFile(BytesIO(data), len(data), Limits())
    return own_rights(data, file, read_header(file))


PNG = encoded(scene(), "PNG")
IIM = b"".join(
    b"\x1c\x02" + bytes([number]) + struct.pack(">H", len(text)) + text
    for number, text in ((0x74, SAID["copyright"].encode()), (0x6E, b"Ann"), (0x5A, b"City"))
)
TEXTS = PngInfo()
TEXTS.add_text("Copyright", SAID["copyright"])
TEXTS.add_text("Author", "Ann", zip=True)
XMP = b"XML:com.adobe.xmp\0%c\0\0\0"
ORIGINALS = {
    "PNG, Exif": encoded(scene(), "PNG", exif=exif()),
    "PNG, Exif behind its pixels": with_chunk(PNG, b"eXIf", exif().removeprefix(b"Exif\0\0"), late=True),
    "PNG, texts": encoded(scene(), "PNG", pnginfo=TEXTS),
    "PNG, compressed XMP": with_chunk(PNG, b"iTXt", XMP % 1 + zlib.compress(packet(SAID))),
    "PNG, XMP": with_chunk(PNG, b"iTXt", XMP % 0 + packet(SAID), late=True),
    "WebP, Exif": encoded(scene(), "WEBP", exif=exif()),
    "moving WebP, Exif": encoded(
        scene(), "WEBP", save_all=True, append_images=[scene().rotate(90)], exif=exif()
    ),
    "AVIF, Exif": encoded(scene(), "AVIF", exif=exif()),
    "HEIC, Exif": heic(exif()),
    "TIFF, its tags": encoded(scene(), "TIFF", tiffinfo={0x8298: SAID["copyright"].encode(), 0x013B: "Ann"}),
    "TIFF, IPTC": encoded(scene(), "TIFF", tiffinfo={33723: IIM}),
    "TIFF, Photoshop": encoded(
        scene(), "TIFF", tiffinfo={34377: b"8BIM\x04\x04\0\0" + struct.pack(">I", len(IIM)) + IIM}
    ),
}


@pytest.mark.parametrize("data", ORIGINALS.values(), ids=ORIGINALS)
def test_an_original_of_any_format_says_its_rights(data: bytes) -> None:
    assert in_xmp(data) == SAID


def test_what_the_uploader_says_beats_what_the_file_says() -> None:
    target = Target("x", 48, 32, "contain", "center")
    rights = {"copyright": "Ours", "credit": None}
    made = render(ORIGINALS["PNG, Exif"], target, ("webp",), Limits(), rights=rights).images[0]
    assert rights_in(made.data) == {"copyright": "Ours", "credit": "Ann"}


def test_xmp_beats_exif_and_exif_beats_texts() -> None:
    data = encoded(scene(), "PNG", exif=exif(), pnginfo=TEXTS)
    theirs = packet({"copyright": "XMP"})
    assert own(with_chunk(data, b"iTXt", XMP % 0 + theirs)) == {"copyright": "XMP", "credit": "Ann"}
    theirs = zlib.compress(theirs)
    assert own(with_chunk(data, b"iTXt", XMP % 1 + theirs)) == {"copyright": "XMP", "credit": "Ann"}


BOMB = zlib.compress(packet(SAID).replace(b"Ann", b"A" * 300_000_000))
ENTITIES = b'<x:xmpmeta><!DOCTYPE x [<!ENTITY a "ha">]>&a;</x:xmpmeta>'
HOSTILE = {
    "XMP that inflates to 300 MB": with_chunk(PNG, b"iTXt", XMP % 1 + BOMB),
    "text that inflates to 300 MB": with_chunk(PNG, b"zTXt", b"Copyright\0\0" + BOMB),
    "compressed entities": with_chunk(PNG, b"iTXt", XMP % 1 + zlib.compress(ENTITIES)),
    "no zlib": with_chunk(PNG, b"zTXt", b"Copyright\0\0no zlib"),
    "zlib that is cut off": with_chunk(PNG, b"iTXt", XMP % 1 + zlib.compress(packet(SAID))[:-9]),
    "text that is no UTF-8": with_chunk(PNG, b"iTXt", b"Copyright\0\0\0\0\0\xff\xfe"),
    "text with nothing behind its keyword": with_chunk(PNG, b"iTXt", b"Copyright"),
    "a directory beyond the end": with_chunk(PNG, b"eXIf", b"II*\0\xff\xff\xff\x7f"),
    "a directory of itself": with_chunk(PNG, b"eXIf", b"II*\0\4\0\0\0" * 900),
    "a text of 4 GB": with_chunk(
        PNG, b"eXIf", b"II*\0\x08\0\0\0\1\0" + struct.pack("<HHII", 0x8298, 2, 0xFFFF_FFFF, 8)
    ),
    "control characters": with_chunk(PNG, b"tEXt", b"Copyright\0\x07\x1b[2J"),
    "IPTC that is cut off": encoded(scene(), "TIFF", tiffinfo={33723: IIM[:4]}),
    "Photoshop's block with a long length": encoded(
        scene(), "TIFF", tiffinfo={34377: b"8BIM\x04\x04\0\0\xff\xff\xff\xff\x1c\x02\x74\x7f\xff"}
    ),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_hostile_metadata_says_nothing_and_costs_no_image(data: bytes) -> None:
    assert in_xmp(data) == {}


def test_of_texts_with_one_keyword_only_the_first_is_inflated() -> None:
    good = with_chunk(PNG, b"tEXt", b"Copyright\0Ann")
    assert own(good) == {"copyright": "Ann"}
    place = PNG.index(b"IDAT") - 4
    assert own(PNG[:place] + HOSTILE["no zlib"][place : -len(PNG) + place] + good[place:]) == {}


@pytest.mark.parametrize("cut", range(6, 90, 6))
def test_damaged_exif_is_no_failure(cut: int) -> None:
    block = exif()[:cut]
    for data in (with_chunk(PNG, b"eXIf", block[6:]), encoded(scene(), "WEBP", exif=block), heic(block)):
        assert own(data).keys() <= SAID.keys()


@pytest.mark.parametrize("number", range(10))
def test_a_damaged_tag_of_a_tiff_is_no_failure(number: int) -> None:
    data = ORIGINALS["TIFF, its tags"]
    place = data.index(struct.pack("<HH", 0x8298, 2)) + 2 + number
    damaged = data[:place] + b"\xff" + data[place + 1 :]
    header = read_header(BoundedFile(BytesIO(data), len(data), Limits()))
    found = own_rights(damaged, BoundedFile(BytesIO(damaged), len(damaged), Limits()), header)
    assert found.keys() <= SAID.keys()
