"""JPEGs. Source: ITU-T T.81, https://www.w3.org/Graphics/JPEG/itu-t81.pdf"""

import struct

from PIL import Image

from bombs.icc import endless_elements, huge_table
from bombs.parts import black, encoded, looping_exif, noise, overlapping_exif, segment, tiff

_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_APP1, _APP2, _COM, _SOS, _SOF2 = 0xE1, 0xE2, 0xFE, 0xDA, 0xC2
_SMALL = encoded(Image.new("RGB", (64, 64)), "JPEG")
_FILE = 49_000_000


def with_segments(segments: bytes) -> bytes:
    """A small JPEG with these segments behind its start."""
    return _SOI + segments + _SMALL[2:]


def scanned(side: int, scans: int, mode: str = "RGB") -> bytes:
    """A black progressive JPEG whose last scan comes again and again, up to `scans` scans in all."""
    data = encoded(black(mode, side), "JPEG", progressive=True)
    starts = [at for at in range(len(data) - 1) if data[at : at + 2] == b"\xff\xda"]
    last = data[starts[-1] : -2]
    return data[:-2] + last * (scans - len(starts)) + _EOI


def widened(width: int, height: int) -> bytes:
    """A small JPEG that says it is large."""
    at = _SMALL.index(b"\xff\xc0") + 5
    return _SMALL[:at] + struct.pack(">HH", height, width) + _SMALL[at + 4 :]


def profile(data: bytes) -> bytes:
    """The segments of an ICC profile."""
    most = 65_519
    parts = [data[at : at + most] for at in range(0, len(data), most)][:255]
    return b"".join(
        segment(_APP2, b"ICC_PROFILE\0" + bytes([number, len(parts)]) + part)
        for number, part in enumerate(parts, 1)
    )


def looping_views() -> bytes:
    """An index of pictures (MPF) that are all the file itself, and whose next index is the same one."""
    entries = [
        (0xB000, 7, 4, int.from_bytes(b"0100", "little")),
        (0xB001, 4, 1, 3_000),
        (0xB002, 7, 48_000, 50),
    ]
    return segment(_APP2, b"MPF\0" + tiff(entries, bytes(48_000), following=8))


def extended_xmp() -> bytes:
    """750 segments of one XMP packet."""
    part = b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 32 + struct.pack(">II", 1 << 31, 0)
    return segment(_APP1, part + b"x" * 65_000) * 750


def _squeezed(mode: str, **options: object) -> bytes:
    return encoded(black(mode), "JPEG", quality=1, **options)


BOMBS = {
    "JPEG, 99 MP": lambda: _squeezed("RGB"),
    "JPEG, 99 MP, 4:4:4": lambda: _squeezed("RGB", subsampling="4:4:4"),
    "JPEG, 99 MP, gray": lambda: _squeezed("L"),
    "JPEG, 99 MP, CMYK": lambda: _squeezed("CMYK"),
    "JPEG, 99 MP, progressive": lambda: _squeezed("RGB", progressive=True),
    "JPEG, 99 MP, progressive 4:4:4": lambda: _squeezed("RGB", progressive=True, subsampling="4:4:4"),
    "JPEG, 99 MP, progressive gray": lambda: _squeezed("L", progressive=True),
    "JPEG, 99 MP, progressive CMYK": lambda: _squeezed("CMYK", progressive=True),
    "JPEG, 25 MP of noise": lambda: encoded(noise(5_000), "JPEG", quality=98),
    "JPEG, 1,920 × 16,383 of noise": lambda: encoded(noise(5_600).resize((1_920, 16_383)), "JPEG"),
    "JPEG, 20 MP of noise, progressive": lambda: encoded(noise(4_400), "JPEG", quality=75, progressive=True),
    "JPEG, 99 MP, 40 scans": lambda: scanned(9_950, 40),
    "JPEG, 99 MP, CMYK, 40 scans": lambda: scanned(9_950, 40, "CMYK"),
    "JPEG, 20 MP, 200 scans": lambda: scanned(4_400, 200),
    "JPEG, 99 MP, 5,000 scans": lambda: scanned(9_950, 5_000),
    "JPEG, 65,500 × 65,500": lambda: widened(65_500, 65_500),
    "JPEG, 99 MP without its pixels": lambda: widened(9_950, 9_950),
    "JPEG, 1,000,000 segments": lambda: with_segments(segment(_COM) * 1_000_000),
    "JPEG, 9,900 segments": lambda: with_segments(segment(_COM, bytes(4_000)) * 9_900),
    "JPEG, 24,000,000 markers": lambda: with_segments(b"\xff\x01" * 24_000_000),
    "JPEG, 49 MB of filling": lambda: with_segments(b"\xff" * _FILE),
    "JPEG, 49 MB of nothing between segments": lambda: with_segments(segment(_COM) + bytes(_FILE)),
    "JPEG, 49 MB behind it": lambda: _SMALL + b"\xff\xd8\xff\xda" * (_FILE // 4),
    "JPEG, EXIF that loops": lambda: with_segments(segment(_APP1, b"Exif\0\0" + looping_exif())),
    "JPEG, EXIF of 5,000 overlapping values": lambda: with_segments(
        segment(_APP1, b"Exif\0\0" + overlapping_exif(4_000, 5_000))
    ),
    "JPEG, an index of views that loops": lambda: with_segments(looping_views()),
    "JPEG, 49 MB of XMP": lambda: with_segments(extended_xmp()),
    "JPEG, an ICC table of 15 MB": lambda: with_segments(profile(huge_table(170))),
    "JPEG, an ICC profile of 2,000,000 steps": lambda: with_segments(profile(endless_elements(2_000_000))),
    "JPEG, an ICC profile of 1,000 steps": lambda: with_segments(profile(endless_elements(1_000))),
}
