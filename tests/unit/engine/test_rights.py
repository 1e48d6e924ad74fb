"""Copyright and credit in renditions: of every format, from the fields or the original, and nothing else with them.

Pillow reads the packets here, which this engine finds and writes by itself.
"""

import struct
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pytest
from engine_scenes import SECRET, encoded, exif, laden, scene
from PIL import Image, features

from imageservice.core.limits import Limits
from imageservice.core.rendition_plan import Target
from imageservice.engine.render import Encoded, render
from imageservice.engine.rights import with_rights
from imageservice.engine.xmp import MOST_BYTES, packet, rights_in

FORMATS = ("jpeg", "png", "webp", "avif", "gif")
RIGHTS: Mapping[str, str | None] = {"copyright": "© 2026 <Ann & Zoë> 靴", "credit": 'Ann "Lee"'}
OWN: Mapping[str, str | None] = {"copyright": None, "credit": None}
NS = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/" '
NS += 'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'


def made(
    data: bytes, format: str, rights: Mapping[str, str | None], size: tuple[int, int] = (48, 32)
) -> Encoded:
    return render(data, Target("x", *size, "contain", "center"), (format,), Limits(), rights=rights).images[0]


def said(data: bytes) -> dict[str, str]:
    """The rights as Pillow finds the packet where the format has its place for one."""
    with Image.open(BytesIO(data)) as image:
        image.load()
        kind, place = image.info.get("extension", (b"", 0))
        if kind == b"XMP DataXMP":
            return rights_in(data[place:])
        raw = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    return rights_in(raw.encode() if isinstance(raw, str) else raw)


def photo(format: str = "JPEG", xmp: str = "", **options: Any) -> bytes:
    return encoded(scene(), format, **({"xmp": xmp.encode()} if xmp else {}), **options)


def described(inside: str, attributes: str = "") -> str:
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {NS}><rdf:Description {attributes}>{inside}'
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    )


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_rendition_says_its_rights_and_nothing_else_of_the_original(kind: str, format: str) -> None:
    assert (format == "avif") <= features.check("avif")
    one, bare = (made(laden(kind), format, rights) for rights in (RIGHTS, {}))
    assert said(one.data) == RIGHTS
    assert said(bare.data) == {}
    assert SECRET not in one.data
    assert b"GPS" not in one.data
    with Image.open(BytesIO(one.data)) as with_them, Image.open(BytesIO(bare.data)) as without:
        assert not with_them.getexif()
        assert set(with_them.info) - set(without.info) <= {"xmp", "XML:com.adobe.xmp", "extension"}
        assert with_them.convert("RGBA").tobytes() == without.convert("RGBA").tobytes()
    assert 0 < len(one.data) - len(bare.data) < 1000


@pytest.mark.parametrize("format", ["webp", "gif"])
def test_a_moving_rendition_says_its_rights_and_still_moves(format: str) -> None:
    data = encoded(scene(), "WEBP", save_all=True, append_images=[scene().rotate(90)], duration=100)
    moving = made(data, format, RIGHTS).data
    assert said(moving) == RIGHTS
    with Image.open(BytesIO(moving)) as image:
        assert getattr(image, "n_frames", 1) == 2


@pytest.mark.parametrize("format", ["png", "webp", "avif"])
def test_transparency_stays(format: str) -> None:
    glass = scene().convert("RGBA")
    glass.putalpha(100)
    with Image.open(BytesIO(made(encoded(glass, "PNG"), format, RIGHTS).data)) as image:
        assert image.convert("RGBA").getextrema()[3] == (100, 100)


def test_an_opaque_lossless_webp_does_not_become_transparent() -> None:
    data = encoded(scene(), "WEBP", lossless=True)
    with Image.open(BytesIO(with_rights(data, "webp", scene().size, {"credit": "Ann"}))) as image:
        assert image.mode == "RGB"


@pytest.mark.parametrize("format", FORMATS)
def test_a_rendition_of_the_originals_own_size_says_them_too(format: str) -> None:
    data = encoded(scene(), format.upper())
    assert said(made(data, format, RIGHTS, scene().size).data) == RIGHTS


XMP = described(
    "<dc:rights><rdf:Alt><rdf:li xml:lang='x-default'>© Ann &amp; Zoë</rdf:li><rdf:li xml:lang='de'>nein</rdf:li>"
    "</rdf:Alt></dc:rights><dc:title>Secret</dc:title>",
    'photoshop:Credit="Agency" photoshop:City="Secret"',
)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "AVIF", "TIFF"])
def test_what_the_original_says_is_carried_on_where_no_field_is_set(kind: str) -> None:
    data = photo(kind, tiffinfo={700: XMP.encode()}) if kind == "TIFF" else photo(kind, XMP)
    assert said(made(data, "webp", OWN).data) == {"copyright": "© Ann & Zoë", "credit": "Agency"}
    assert said(made(data, "webp", {"credit": None}).data) == {"credit": "Agency"}
    assert said(made(data, "webp", {"copyright": "Ours", "credit": None}).data) == {
        "copyright": "Ours",
        "credit": "Agency",
    }
    assert b"Secret" not in made(data, "jpeg", OWN).data


def test_exif_and_iptc_are_read_in_a_jpeg() -> None:
    tags = Image.Exif()
    tags[0x8298], tags[0x013B], tags[0x010F] = "(c) Exif", "Artist", "Camera"
    assert said(made(photo(exif=tags.tobytes()), "png", OWN).data) == {
        "copyright": "(c) Exif",
        "credit": "Artist",
    }
    sets = b"".join(
        b"\x1c\x02" + bytes([number]) + struct.pack(">H", len(text)) + text
        for number, text in ((0x74, "© IPTC".encode()), (0x6E, b"Wire"), (0x5A, b"Secret"))
    )
    block = b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(sets)) + sets
    jpeg = photo(exif=tags.tobytes())
    jpeg = jpeg[:2] + b"\xff\xed" + struct.pack(">H", len(block) + 2) + block + jpeg[2:]
    assert said(made(jpeg, "png", OWN).data) == {"copyright": "© IPTC", "credit": "Wire"}


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(12)
)
HOSTILE = {
    "billion laughs": b'<x:xmpmeta xmlns:x="adobe:ns:meta/">' + LAUGHS.encode() + b"]>&m;</x:xmpmeta>",
    "doctype inside": XMP.replace("<rdf:RDF", LAUGHS + "]><rdf:RDF").encode(),
    "undefined entity": XMP.replace("Agency", "&secret;").encode(),
    "file entity": b'<x:xmpmeta><!ENTITY f SYSTEM "file:///etc/passwd">&f;</x:xmpmeta>',
    "invalid UTF-8": XMP.encode().replace("©".encode(), b"\xff\xfe"),
    "not closed": XMP.encode()[:-30],
    "no end": XMP.encode()[:200],
    "deep": b"<x:xmpmeta>" + b"<a>" * 200_000 + b"</x:xmpmeta>",
    "control": described("<dc:rights>a&#7;b</dc:rights>").encode(),
    "empty": described("<dc:rights></dc:rights><photoshop:Credit> \n </photoshop:Credit>").encode(),
    "10 MB": described("<dc:rights>" + "a" * 10_000_000 + "</dc:rights>").encode(),
}


@pytest.mark.parametrize("xmp", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_packet_says_nothing_and_costs_no_image(xmp: bytes) -> None:
    assert rights_in(xmp) == {}
    data = photo("PNG") + xmp  # behind the end, where no decoder looks
    assert said(made(data, "jpeg", OWN).data) == {}


@pytest.mark.parametrize("text", ["a\u202eb", "\u2028", "\uffff"])
def test_a_text_that_no_field_may_hold_is_none(text: str) -> None:
    data = photo("PNG") + described(f"<dc:rights>{text}</dc:rights>").encode()
    assert said(made(data, "jpeg", OWN).data) == {}


def test_a_long_text_is_cut_and_one_of_several_lines_becomes_one() -> None:
    assert MOST_BYTES > 100_000
    long = described(f"<dc:rights>{'a' * 90_000}</dc:rights><photoshop:Credit>One\n\tTwo</photoshop:Credit>")
    found = said(made(photo("PNG") + long.encode(), "jpeg", OWN).data)
    assert found == {"copyright": "a" * 300, "credit": "One Two"}


@pytest.mark.parametrize("cut", range(8, 120, 7))
def test_damaged_iptc_and_exif_are_no_failure(cut: int) -> None:
    tags = Image.Exif()
    tags[0x8298] = "Copyright " * 9
    block = b"Photoshop 3.0\x008BIM\x04\x04\0\0\xff\xff\xff\xff\x1c\x02\x74\x7f\xff" + b"x" * 90
    jpeg = photo(exif=tags.tobytes()[:cut])
    jpeg = jpeg[:2] + b"\xff\xed" + struct.pack(">H", cut + 2) + block[:cut] + jpeg[2:]
    assert made(jpeg, "jpeg", OWN).format == "jpeg"


def test_a_packet_is_what_it_says() -> None:
    assert rights_in(packet({"copyright": "<&>\"'", "credit": "é"})) == {"copyright": "<&>\"'", "credit": "é"}


def test_exif_of_orientation_alone_says_nothing() -> None:
    assert said(made(photo(exif=exif(6)), "jpeg", OWN).data) == {}
