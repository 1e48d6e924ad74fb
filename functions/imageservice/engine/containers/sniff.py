"""Detects what a file is from its first bytes only, never from its name or its Content-Type."""

import re

from imageservice.core.errors import ImageRejected
from imageservice.core.formats import accepted_labels

HEAD = 16_384
"""How many of the first bytes `sniff` wants."""

_ACCEPTED_MAGIC = (
    (0, b"\xff\xd8\xff", "jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "png"),
    (0, b"GIF87a", "gif"),
    (0, b"GIF89a", "gif"),
    (0, b"BM", "bmp"),
)

# Formats that people upload and that are refused by name; the order matters if one prefix begins another.
_REFUSED_MAGIC = (
    (0, b"%PDF-", "PDF"),
    (0, b"8BPS", "Photoshop (PSD)"),
    (0, b"II*\0\x10\0\0\0CR", "Canon RAW (CR2)"),
    (0, b"II\x1a\0\0\0HEAPCCDR", "Canon RAW (CRW)"),
    (0, b"FUJIFILMCCD-RAW", "Fujifilm RAW (RAF)"),
    (0, b"IIRO", "Olympus RAW (ORF)"),
    (0, b"IIRS", "Olympus RAW (ORF)"),
    (0, b"MMOR", "Olympus RAW (ORF)"),
    (0, b"IIU\0", "Panasonic RAW (RW2)"),
    (0, b"FOVb", "Sigma RAW (X3F)"),
    (0, b"\0MRM", "Minolta RAW (MRW)"),
    (0, b"ARRI", "ARRI RAW (ARI)"),
    (0, b"II\xbc", "JPEG XR"),
    (0, b"\xff\x0a", "JPEG XL"),
    (0, b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    (0, b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (0, b"\xff\x4f\xff\x51", "JPEG 2000"),
    (0, b"\xff\xd8\xff\xf7", "JPEG-LS"),
    (0, b"\0\0\1\0", "ICO"),
    (0, b"\0\0\2\0", "CUR"),
    (0, b"icns", "Apple icon (ICNS)"),
    (0, b"BA", "OS/2 bitmap array"),
    (0, b"qoif", "QOI"),
    (0, b"farbfeld", "farbfeld"),
    (0, b"v/1\x01", "OpenEXR"),
    (0, b"#?RADIANCE", "Radiance HDR"),
    (0, b"#?RGBE", "Radiance HDR"),
    (0, b"SIMPLE  =", "FITS"),
    (128, b"DICM", "DICOM"),
    (0, b"gimp xcf", "GIMP (XCF)"),
    (0, b"DDS ", "DDS texture"),
    (0, b"\xabKTX ", "KTX texture"),
    (0, b"\x8aMNG\r\n\x1a\n", "MNG"),
    (0, b"\x8bJNG\r\n\x1a\n", "JNG"),
    (0, b"BPG\xfb", "BPG"),
    (0, b"FLIF", "FLIF"),
    (0, b"\xd7\xcd\xc6\x9a", "Windows metafile (WMF)"),
    (0, b"\x01\0\x09\0\0\x03", "Windows metafile (WMF)"),
    (40, b" EMF", "Windows metafile (EMF)"),
    (0, b"%!PS", "PostScript"),
    (0, b"\xc5\xd0\xd3\xc6", "PostScript (EPS)"),
    (0, b"AT&TFORM", "DjVu"),
    (0, b"\x59\xa6\x6a\x95", "Sun raster"),
    (0, b"\x01\xda", "SGI image"),
    (0, b"\x0a\x05\x01", "PCX"),
    (0, b"\x0a\x03\x01", "PCX"),
    (0, b"\x0a\x02\x01", "PCX"),
    (0, b"\x0a\0\x01", "PCX"),
    (0, b"/* XPM */", "XPM"),
    (0, b"#define ", "XBM"),
    (0, b"FORM", "IFF"),
    (0, b"\x1a\x45\xdf\xa3", "WebM or Matroska video"),
    (8, b"AVI ", "AVI video"),
    (8, b"WAVE", "WAV audio"),
    (0, b"OggS", "Ogg"),
    (0, b"ID3", "MP3 audio"),
    (0, b"FLV\x01", "Flash video"),
    (0, b"CWS", "Flash"),
    (0, b"FWS", "Flash"),
    (4, b"moov", "QuickTime video"),
    (4, b"mdat", "QuickTime video"),
    (4, b"wide", "QuickTime video"),
    (4, b"free", "QuickTime video"),
    (4, b"skip", "QuickTime video"),
    (4, b"pnot", "QuickTime video"),
    (0, b"PK\x03\x04", "ZIP"),
    (0, b"\x1f\x8b", "gzip"),
    (0, b"7z\xbc\xaf", "7-Zip"),
    (0, b"Rar!", "RAR"),
    (0, b"\xfd7zXZ\0", "XZ"),
    (0, b"BZh", "bzip2"),
    (0, b"\xd0\xcf\x11\xe0", "Microsoft Office"),
    (0, b"{\\rtf", "RTF"),
    (0, b"\x7fELF", "ELF program"),
    (0, b"MZ", "Windows program"),
)

_TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0\x08\0\0\0", b"MM\0+\0\x08\0\0")

# Brands of ISO base media files (ISO 14496-12) that hold still images or image sequences.
_HEIF_BRANDS = {
    b"avif",
    b"avis",
    b"heic",
    b"heix",
    b"heim",
    b"heis",
    b"hevc",
    b"hevx",
    b"hevm",
    b"hevs",
    b"mif1",
    b"mif2",
    b"msf1",
    b"miaf",
    b"MiHE",
    b"MiHB",
    b"MA1A",
    b"MA1B",
}
_NETPBM = re.compile(rb"P[1-7FfNn][\s#]")
_SVG = re.compile(rb"<(?:[a-z]+:)?svg[\s>]|<!DOCTYPE\s+svg", re.IGNORECASE)
_BLANK = b"\xef\xbb\xbf\xff\xfe \t\r\n"
_UNMARKED = 1_024
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|script)\b", re.IGNORECASE)


def sniff(head: bytes) -> str:
    """The container of an image that begins with `head` (up to HEAD bytes).

    jpeg, png, gif, bmp, webp, tiff, or heif for AVIF and HEIC alike. Raises ImageRejected for everything else, by
    name where it has one.
    """
    if not head:
        raise ImageRejected("The file is empty.")
    for offset, magic, name in _REFUSED_MAGIC:
        if head.startswith(magic, offset):
            raise refused(name)
    for offset, magic, name in _ACCEPTED_MAGIC:
        if head.startswith(magic, offset):
            return name
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp"
    if head.startswith(_TIFF_MAGIC):
        return "tiff"
    if head[4:8] == b"ftyp":
        return _iso_media(head)
    raise refused(_textual(head))


def refused(name: str) -> ImageRejected:
    """The error for a format that is known and not accepted."""
    return ImageRejected(f"{name} is not accepted; send {accepted_labels()}.")


def _iso_media(head: bytes) -> str:
    length = int.from_bytes(head[:4], "big")
    listed = head[8:12] + head[16 : max(16, min(length, HEAD))]
    brands = {listed[at : at + 4] for at in range(0, len(listed) - 3, 4)}
    major = head[8:12]
    if major in _HEIF_BRANDS or (brands & _HEIF_BRANDS and major not in (b"crx ", b"qt  ", b"jp2 ")):
        return "heif"
    names = {
        b"crx ": "Canon RAW (CR3)",
        b"qt  ": "QuickTime video",
        b"jp2 ": "JPEG 2000",
        b"jpx ": "JPEG 2000",
        b"jxl ": "JPEG XL",
        b"j2ki": "JPEG 2000 in HEIF",
        b"avci": "H.264 in HEIF",
        b"vvic": "H.266 in HEIF",
    }
    raise refused(names.get(major, "Video"))


def _textual(head: bytes) -> str:
    text = head.replace(b"\0", b"") if head[:2] in (b"\xff\xfe", b"\xfe\xff") else head
    # Markup may begin with a long comment. Anything else is not searched for long.
    if not text.lstrip(_BLANK).startswith(b"<"):
        text = text[:_UNMARKED]
    if _SVG.search(text):
        return "SVG"
    if _HTML.search(text):
        return "HTML"
    stripped = text.lstrip(_BLANK)
    if stripped.startswith(b"<"):
        return "XML"
    if _NETPBM.match(head):
        return "Netpbm (PBM, PGM, PPM)"
    if stripped[:1] in (b"{", b"["):
        return "JSON"
    return "This kind of file"
