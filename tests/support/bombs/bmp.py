"""BMPs. Source: https://learn.microsoft.com/windows/win32/api/wingdi/ns-wingdi-bitmapv5header"""

import struct

from bombs.parts import SIDE

_RLE8, _RLE4, _BITFIELDS = 1, 2, 3


def bmp(width: int, height: int, bits: int, data: bytes, compression: int = 0, colors: int = 0) -> bytes:
    """A BMP with a header of 40 bytes, and black colors."""
    start = 54 + 4 * colors
    head = struct.pack("<2sIII", b"BM", start + len(data), 0, start)
    head += struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, len(data), 0, 0, colors, 0)
    return head + bytes(4 * colors) + data


def masked(side: int, bits: int) -> bytes:
    """Channels in an unusual order, each of a few bits."""
    masks = struct.pack("<3I", 0x0F, 0xF0, 0xF00)
    data = bytes((side * bits // 8 + 3) // 4 * 4 * side)
    head = bmp(side, side, bits, b"", _BITFIELDS)
    return head[:10] + struct.pack("<I", 66) + head[14:] + masks + data


def profiled() -> bytes:
    """An embedded profile that is the whole file, 48 times the allowed length."""
    data = bytes(12_288)
    head = (
        struct.pack("<IiiHHIIiiII", 124, 64, 64, 1, 24, 0, len(data), 0, 0, 0, 0).ljust(56, b"\0") + b"DEBM"
    )
    head = head.ljust(112, b"\0") + struct.pack("<II", 0, 7_999_999) + bytes(4)
    return struct.pack("<2sIII", b"BM", 138 + len(data), 0, 138) + head + data + bytes(8_000_000)


_RUN = b"\xff\0"
_END_OF_ROW = b"\0\0"
_ROW = _RUN * (SIDE // 255) + bytes([SIDE % 255, 0]) + _END_OF_ROW

BOMBS = {
    "BMP, 99 MP in 1 bit": lambda: bmp(SIDE, SIDE, 1, bytes((SIDE + 31) // 32 * 4 * SIDE), colors=2),
    "BMP, 99 MP in runs": lambda: bmp(SIDE, SIDE, 8, _ROW * SIDE, _RLE8, colors=256),
    "BMP, 99 MP in runs of 4 bits": lambda: bmp(SIDE, SIDE, 4, _ROW * SIDE, _RLE4, colors=16),
    "BMP, 99 MP in one jump": lambda: bmp(SIDE, SIDE, 8, b"\0\2\xff\xff" * 20 + b"\0\1", _RLE8, colors=256),
    "BMP, 49 MB of ends of rows": lambda: bmp(64, 64, 8, _END_OF_ROW * 24_000_000, _RLE8, colors=256),
    "BMP, 49 MB of jumps to where one is": lambda: bmp(
        SIDE, SIDE, 8, b"\0\2\0\0" * 12_000_000, _RLE8, colors=256
    ),
    "BMP, 24 MP in unusual channels": lambda: masked(4_900, 16),
    "BMP, 12 MP in unusual channels of 32 bits": lambda: masked(3_450, 32),
    "BMP, 24 bits, 16 MP": lambda: bmp(4_000, 4_000, 24, bytes(48_000_000)),
    "BMP, 2,147,483,647 × 2,147,483,647": lambda: bmp(0x7FFFFFFF, 0x7FFFFFFF, 24, bytes(100)),
    "BMP, −2,147,483,648 × −2,147,483,648": lambda: bmp(-0x80000000, -0x80000000, 24, bytes(100)),
    "BMP, 4,294,967,295 colors": lambda: bmp(64, 64, 8, bytes(5_000))[:46] + b"\xff" * 4 + bytes(5_000),
    "BMP, a profile that is the whole file": profiled,
}
