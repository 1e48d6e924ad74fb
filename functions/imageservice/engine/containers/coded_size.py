"""How large the pictures are that AV1 and HEVC data hold, whatever the file's index says.

Sources: AV1 Bitstream & Decoding Process Specification, sections 5.3 to 5.5; ITU-T H.265, sections 7.3.1 and 7.3.2.2.
"""

from collections.abc import Iterator

Size = tuple[int, int]
"""Width and height in pixels."""

_AV1_SEQUENCE_HEADER, _HEVC_SEQUENCE_SET = 1, 33
# What precedes the size in either header is shorter.
_HEADER_BYTES = 1_024
_SEPARATE_PLANES = 3
_LONGEST_GOLOMB = 32


class _Bits:
    """Reads numbers bit by bit. Raises ValueError at the end of the data."""

    def __init__(self, data: bytes) -> None:
        self._number = int.from_bytes(data[:_HEADER_BYTES], "big")
        self._left = 8 * min(len(data), _HEADER_BYTES)

    def take(self, count: int) -> int:
        if count > self._left:
            raise ValueError("the header ends before the picture's size")
        self._left -= count
        return self._number >> self._left & (1 << count) - 1

    def golomb(self) -> int:
        """An Exp-Golomb number: as many bits as there were zeros before its first one."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > _LONGEST_GOLOMB:
                raise ValueError("a number of the header is too long")
        return (1 << zeros) - 1 + self.take(zeros)


def av1_sizes(data: bytes) -> Iterator[Size]:
    """The largest frame that each sequence header in the data allows. Raises ValueError if the data are damaged."""
    at = 0
    while at < len(data):
        head, start = data[at], at + (2 if data[at] & 4 else 1)
        length = len(data) - start
        if head & 2:
            length, start = _leb128(data, start)
        if head >> 3 & 15 == _AV1_SEQUENCE_HEADER:
            yield _sequence_size(_Bits(data[start : min(start + length, start + _HEADER_BYTES)]))
        at = start + length


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    """A number in groups of 7 bits, and where the data go on."""
    number = 0
    for place in range(8):
        if at + place >= len(data):
            break
        byte = data[at + place]
        number |= (byte & 0x7F) << 7 * place
        if not byte & 0x80:
            return number, at + place + 1
    raise ValueError("a length is damaged")


def _sequence_size(bits: _Bits) -> Size:
    bits.take(4)  # profile, still picture
    if bits.take(1):
        bits.take(5)
    else:
        _skip_operating_points(bits)
    across, down = bits.take(4) + 1, bits.take(4) + 1
    return bits.take(across) + 1, bits.take(down) + 1


def _skip_operating_points(bits: _Bits) -> None:
    model = delay = 0
    if bits.take(1):  # timing
        bits.take(64)
        if bits.take(1):
            bits.golomb()
        model = bits.take(1)
        if model:
            delay = bits.take(5) + 1
            bits.take(42)
    displayed = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > 7:
            bits.take(1)
        if model and bits.take(1):
            bits.take(2 * delay + 1)
        if displayed and bits.take(1):
            bits.take(4)


def hevc_size(unit: bytes) -> Size | None:
    """The pictures' size if the unit is a sequence parameter set. Raises ValueError if that is damaged."""
    if len(unit) < 2 or unit[0] >> 1 & 0x3F != _HEVC_SEQUENCE_SET:
        return None
    # Where three bytes could be taken for a start code, the encoder puts a 3 between them.
    bits = _Bits(unit[2:_HEADER_BYTES].replace(b"\0\0\3", b"\0\0"))
    bits.take(4)
    layers = bits.take(3)
    bits.take(1 + 96)
    present = [(bits.take(1), bits.take(1)) for _ in range(layers)]
    if layers:
        bits.take(2 * (8 - layers))
    for profile, level in present:
        bits.take(88 * profile + 8 * level)
    bits.golomb()
    if bits.golomb() == _SEPARATE_PLANES:
        bits.take(1)
    return bits.golomb(), bits.golomb()
