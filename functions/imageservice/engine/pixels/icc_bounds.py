"""What lcms2 is given of an ICC profile, so that no profile can keep it busy.

Source: ICC.1:2022, sections 7.3 (tag table) and 9.2 (tags).
"""

import struct

MAX_PROFILE = 8_000_000
"""The largest profile in bytes that is read; the largest of printers have 3 MB."""

_TABLE, _ENTRY = 128, 12
_MAX_TAGS = 100
# Chains of any length, whose steps may share their bytes: lcms2 takes 0.3 ms for each. Every profile that has one
# states its colors in a second way too, which is the one that browsers use.
_CHAINS = frozenset(name + digit for name in (b"D2B", b"B2D") for digit in (b"0", b"1", b"2", b"3"))


def bounded(profile: bytes) -> bytes | None:
    """The profile without tags that are chains of steps; None if it is too large or its table of tags is damaged."""
    if not _TABLE + 4 <= len(profile) <= MAX_PROFILE:
        return None
    (tags,) = struct.unpack_from(">I", profile, _TABLE)
    first = _TABLE + 4
    if tags > _MAX_TAGS or first + tags * _ENTRY > len(profile):
        return None
    places = range(first, first + tags * _ENTRY, _ENTRY)
    chains = [at for at in places if profile[at : at + 4] in _CHAINS]
    if not chains:
        return profile
    edited = bytearray(profile)
    for at in chains:
        edited[at : at + 1] = b"x"  # a name that means nothing
    return bytes(edited)
