"""Replaces x265 in an artifact, whose 23 MB under the GPL only encode HEIC, by a library that does nothing.

Usage: python without_x265.py ARTIFACT. In pillow-heif's wheel, libheif is linked to x265, so it can't be left out. The
replacement has the name and the functions that libheif looks for; each returns 0. Decoding calls none of them. The
makefile runs this with whatever Python the host has, so it uses the standard library alone.

Format: refspecs.linuxfoundation.org/elf/gabi4+/contents.html (System V ABI, chapters 4 and 5).
"""

import re
import struct
import sys
from pathlib import Path

# By ELF's number for a processor: the code of `return 0`.
_RETURN_0 = {
    62: b"\x31\xc0\xc3".ljust(8, b"\x90"),  # x86-64: xor eax, eax; ret
    183: b"\x00\x00\x80\xd2\xc0\x03\x5f\xd6",  # AArch64: mov x0, #0; ret
}
_HEADER, _SEGMENT, _SYMBOL = 64, 56, 24
_PAGE = 0x10000
_LOAD, _DYNAMIC, _STACK = 1, 2, 0x6474E551
_EXECUTE, _WRITE, _READ = 1, 2, 4


def functions_of_x265(libheif: bytes) -> list[bytes]:
    """The names of x265's functions in the string tables of libheif."""
    return sorted(set(re.findall(rb"(?<=\0)x265_[a-z0-9_]+(?=\0)", libheif)))


def shared_library(name: str, functions: list[bytes], processor: int) -> bytes:
    """A shared library of that name, each of whose functions returns 0."""
    names = b"\0" + b"".join(function + b"\0" for function in functions)
    name_at = len(names)
    names += name.encode() + b"\0"
    count = len(functions) + 1
    hash_at = _HEADER + 4 * _SEGMENT
    symbols_at = _aligned(hash_at + 4 * (2 + 1 + count), 8)
    names_at = symbols_at + _SYMBOL * count
    code_at = _aligned(names_at + len(names), 16)
    code = _RETURN_0[processor]
    end = code_at + len(code)
    # A hash table of one bucket: a chain through all symbols.
    table = struct.pack(f"<{3 + count}I", 1, count, 1, 0, *range(2, count), 0)
    symbols = bytes(_SYMBOL)
    for function in functions:
        symbols += struct.pack("<IBBHQQ", names.index(function + b"\0"), 0x12, 0, 1, code_at, len(code))
    dynamic_at = _PAGE + _aligned(end, 16)
    dynamic = b"".join(
        struct.pack("<QQ", tag, value)
        for tag, value in (
            (14, name_at),
            (4, hash_at),
            (5, names_at),
            (6, symbols_at),
            (10, len(names)),
            (11, _SYMBOL),
            (0, 0),
        )
    )
    file_at = dynamic_at - _PAGE
    header = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHHHHH", 3, processor, 1, 0, _HEADER, 0, 0, _HEADER, _SEGMENT, 4, 64, 0, 0
    )
    segments = (
        _segment(_LOAD, _READ | _EXECUTE, 0, 0, end, _PAGE)
        + _segment(_LOAD, _READ | _WRITE, file_at, dynamic_at, len(dynamic), _PAGE)
        + _segment(_DYNAMIC, _READ | _WRITE, file_at, dynamic_at, len(dynamic), 8)
        + _segment(_STACK, _READ | _WRITE, 0, 0, 0, 16)
    )
    parts = (
        (0, header + segments),
        (hash_at, table),
        (symbols_at, symbols),
        (names_at, names),
        (code_at, code),
    )
    image = bytearray(file_at + len(dynamic))
    for at, part in (*parts, (file_at, dynamic)):
        image[at : at + len(part)] = part
    return bytes(image)


def main(artifact: Path) -> None:
    for libheif in artifact.glob("pillow_heif.libs/libheif*"):
        linked = libheif.read_bytes()
        (x265,) = artifact.glob("pillow_heif.libs/libx265*")
        (processor,) = struct.unpack_from("<H", linked, 18)
        x265.write_bytes(shared_library(x265.name, functions_of_x265(linked), processor))


def _segment(kind: int, flags: int, file_at: int, address: int, size: int, align: int) -> bytes:
    return struct.pack("<IIQQQQQQ", kind, flags, file_at, address, address, size, size, align)


def _aligned(number: int, to: int) -> int:
    return -(-number // to) * to


if __name__ == "__main__":
    main(Path(sys.argv[1]))
