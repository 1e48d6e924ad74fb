"""XMP packets: writes one with an image's rights, and reads the rights from one that anybody may have made.

Sources: ISO 16684-1 (XMP), and the IPTC Photo Metadata Standard, which names the properties: dc:rights is the copyright
notice, photoshop:Credit the credit line.
"""

from collections.abc import Mapping
from xml.parsers import expat
from xml.sax.saxutils import escape

_BEGIN, _END = b"<x:xmpmeta", b"</x:xmpmeta>"
MOST_BYTES = 1_000_000
"""A longer packet is not read. Those of phones with a depth map have some hundred kilobytes."""
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_NAMES = {
    "http://purl.org/dc/elements/1.1/ rights": "copyright",
    "http://ns.adobe.com/photoshop/1.0/ Credit": "credit",
}
_ITEM, _DESCRIPTION = f"{_RDF} li", f"{_RDF} Description"


def packet(rights: Mapping[str, str]) -> bytes:
    """A packet with these rights and nothing else: `copyright`, `credit`, or both."""
    parts = []
    if "copyright" in rights:
        notice = escape(rights["copyright"])
        parts.append(
            f'<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">{notice}</rdf:li></rdf:Alt></dc:rights>'
        )
    if "credit" in rights:
        parts.append(f"<photoshop:Credit>{escape(rights['credit'])}</photoshop:Credit>")
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF xmlns:rdf="{_RDF}"><rdf:Description rdf:about="" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/">'
        f'{"".join(parts)}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    ).encode()


def rights_in(data: bytes) -> dict[str, str]:
    """The rights in the first packet in a file of any format; empty if there is none, or it is no XML.

    Found by its own marks, as XMP is made for (ISO 16684-1, 7.3.2). A document type, which could define entities, ends
    the reading; so does the bound on its length.
    """
    begin = data.find(_BEGIN)
    end = data.find(_END, begin, begin + MOST_BYTES) if begin >= 0 else -1
    return _Reader().read(data[begin : end + len(_END)]) if end >= 0 else {}


class _NoPacketError(Exception):
    """The XML has what no packet has."""


class _Reader:
    """Collects the first value of each property, whether it is an element or an attribute."""

    def __init__(self) -> None:
        self._found: dict[str, str] = {}
        self._property = ""
        self._text: list[str] | None = None

    def read(self, xml: bytes) -> dict[str, str]:
        parser = expat.ParserCreate("utf-8", " ")
        parser.StartDoctypeDeclHandler = _refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        try:
            parser.Parse(xml, True)
        except (expat.ExpatError, _NoPacketError):
            return {}
        return self._found

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == _DESCRIPTION:
            for attribute, value in attributes.items():
                if attribute in _NAMES:
                    self._found.setdefault(_NAMES[attribute], value)
        elif name in _NAMES:
            self._property = _NAMES[name]
            self._text = []
        elif name == _ITEM and self._property:
            self._text = []

    def _characters(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def _end(self, name: str) -> None:
        if self._property and (name == _ITEM or name in _NAMES):
            value = "".join(self._text or ()).strip()
            if value:
                self._found.setdefault(self._property, value)
            self._text = None
        if name in _NAMES:
            self._property = ""


def _refuse(*_: object) -> None:
    raise _NoPacketError
