"""What a file is: by its bytes, from few of them, within limits, or refused in a sentence that a person understands."""

import struct
from io import BytesIO
from pathlib import Path

import pytest
from engine_scenes import encoded, exif, scene, with_chunk
from PIL import Image

from imageservice.core.errors import ImageRejected, StoreUnavailable
from imageservice.core.limits import Limits
from imageservice.core.original import Original
from imageservice.core.rendition_plan import Target
from imageservice.engine.inspection import inspect
from imageservice.engine.render import render


class Ranged(BytesIO):
    """A file that notes which of its bytes are read, in blocks of 64 kB as a cache over a store would."""

    BLOCK = 65_536

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.blocks: set[int] = set()

    def read(self, size: int | None = -1) -> bytes:
        start = self.tell()
        data = super().read(size)
        if data:
            self.blocks.update(range(start // self.BLOCK, (start + len(data) - 1) // self.BLOCK + 1))
        return data


def look(data: bytes, limits: Limits | None = None) -> Original:
    return inspect(BytesIO(data), len(data), limits or Limits())


def reason(data: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(ImageRejected) as caught:
        look(data, limits)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "original"),
    [
        ("tomatoes-12mp.jpg", Original("jpeg", 2912, 4368, 1, alpha=False)),
        ("tomatoes-16mp-orientation8.jpg", Original("jpeg", 3264, 4928, 1, alpha=False)),
        ("sign-12mp-displayp3.heic", Original("heic", 3024, 4032, 1, alpha=False)),
        ("gears-101frames.webp", Original("webp", 320, 240, 101, alpha=True)),
        ("text-11frames.gif", Original("gif", 300, 300, 11, alpha=False)),
        ("trees-alpha.png", Original("png", 640, 513, 1, alpha=True)),
        ("cmyk.tif", Original("tiff", 900, 699, 1, alpha=False)),
        ("gray-16bit.tif", Original("tiff", 480, 362, 1, alpha=False)),
    ],
)
def test_samples_are_what_they_are(name: str, original: Original, samples: Path) -> None:
    assert look((samples / name).read_bytes()) == original


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"\xef\xbb\xbf  <svg width='1'>", "SVG"),
        (b"<?xml version='1.0'?><!-- " + b"made by a program " * 500 + b"--><svg width='1'>", "SVG"),
        (b"%PDF-1.7", "PDF"),
        (b"8BPS\0\1", "Photoshop (PSD)"),
        (b"II*\0\x10\0\0\0CR\2\0", "Canon RAW (CR2)"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "Canon RAW (CR3)"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "QuickTime video"),
        (b"\0\0\0\x18ftypisom\0\0\2\0isommp41", "Video"),
        (b"\xff\x0a\xfa", "JPEG XL"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\0\0\1\0\1\0", "ICO"),
        (b"P6\n1 1\n255\n", "Netpbm (PBM, PGM, PPM)"),
        (b"<!DOCTYPE html><html>", "HTML"),
        (b"GIF80a", "This kind of file"),
    ],
)
def test_other_formats_are_refused_by_name(head: bytes, name: str) -> None:
    assert reason(head) == (f"{name} is not accepted; send JPEG, PNG, GIF, AVIF, WebP, HEIC, TIFF or BMP.")


def test_an_empty_file_is_refused() -> None:
    assert reason(b"") == "The file is empty."


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "AVIF"])
def test_a_file_is_what_its_bytes_are(format: str) -> None:
    assert look(encoded(scene(), format)).format == format.lower()


def test_too_many_bytes_are_told() -> None:
    assert reason(b"\xff\xd8\xff" + bytes(200), Limits(max_bytes=100)) == (
        "The file has 203 bytes; at most 100 bytes are accepted."
    )


def test_a_bomb_is_refused(samples: Path) -> None:
    assert reason((samples / "bomb-4gigapixel.gif").read_bytes()).startswith("The ")


def test_a_bomb_is_refused_by_its_header() -> None:
    bomb = with_chunk(encoded(scene(), "PNG"), b"tEXt", b"a")
    bomb = bomb[:16] + struct.pack(">II", 65_000, 65_000) + bomb[24:]
    assert reason(bomb) == ("The image has 65000 × 65000 pixels, 4,225 megapixels; at most 100 are accepted.")


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
def test_pixels_are_limited_in_every_format(format: str) -> None:
    limits = Limits(max_pixels=6_000)
    assert reason(encoded(scene(), format), limits).startswith("The image has 96 × 64 pixels")


def test_frames_times_pixels_are_limited() -> None:
    data = encoded(scene(), "GIF", save_all=True, append_images=[scene().rotate(90), scene().rotate(180)])
    assert reason(data, Limits(max_frame_pixels=15_000, least_frame_pixels=1)).startswith(
        "The animation has 3 frames"
    )


def test_one_side_may_not_be_thousands_of_times_the_other() -> None:
    assert "one side may be at most 50 times as long" in reason(
        encoded(Image.new("L", (102, 2)), "PNG"), Limits(max_aspect=50)
    )


def test_a_jpeg_of_hundreds_of_scans_is_refused() -> None:
    data = encoded(scene(), "JPEG", progressive=True)
    scan = data.rindex(b"\xff\xda")
    slow = data[:scan] + data[scan:-2] * 500 + data[-2:]
    with pytest.raises(ImageRejected, match="scans"):
        render(slow, Target("x", 96, 64, "contain", "center"), ("jpeg",), Limits())


def test_decoding_stops_when_the_time_is_over() -> None:
    with pytest.raises(ImageRejected, match="longer than 0 seconds to decode"):
        look(encoded(scene(), "PNG"), Limits(max_decode_seconds=0))


def test_only_the_head_of_a_photo_is_read(samples: Path) -> None:
    data = (samples / "tomatoes-12mp.jpg").read_bytes()
    file = Ranged(data)
    inspect(file, len(data), Limits())
    assert len(file.blocks) <= 2


def test_a_large_exif_block_is_read_through() -> None:
    photo = encoded(scene(), "JPEG")
    block = b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(">HHHIHHI", 1, 0x0112, 3, 1, 6, 0, 0)
    padding = b"\xff\xe2" + struct.pack(">H", 65_535) + bytes(65_533)
    data = photo[:2] + padding * 8 + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + photo[2:]
    assert (look(data).width, look(data).height) == (64, 96)


def test_a_heic_with_its_index_at_the_end_is_found() -> None:
    import pillow_heif

    buffer = BytesIO()
    pillow_heif.from_pillow(scene()).save(buffer, quality=90)
    data = buffer.getvalue()
    boxes, at = {}, 0
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        boxes[kind] = data[at : at + length]
        at += length
    # In front of the index: a box of a megabyte that means nothing.
    free = struct.pack(">I4s", 1_000_008, b"free") + bytes(1_000_000)
    file = Ranged(boxes[b"ftyp"] + free + boxes[b"meta"])
    found = inspect(file, len(file.getvalue()), Limits())
    assert (found.format, found.width, found.height, len(file.blocks)) == ("heic", 96, 64, 2)


def test_a_tiff_with_its_directory_at_the_end_is_read_at_both_ends() -> None:
    pixels = bytes(1200 * 800)
    entries = [
        (256, 3, 1, 1200),
        (257, 3, 1, 800),
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (273, 4, 1, 8),
    ]
    entries += [(277, 3, 1, 1), (278, 3, 1, 800), (279, 4, 1, len(pixels))]
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    tiff = b"II*\0" + struct.pack("<I", 8 + len(pixels)) + pixels + directory + bytes(4)
    file = Ranged(tiff)
    found = inspect(file, len(tiff), Limits())
    assert (found.width, found.height, len(file.blocks)) == (1200, 800, 2)


def test_of_a_webp_s_pixels_nothing_is_read() -> None:
    data = encoded(Image.effect_noise((900, 900), 90).convert("RGB"), "WEBP", lossless=True)
    file = Ranged(data)
    inspect(file, len(data), Limits())
    assert len(file.blocks) == 1


def test_a_store_that_fails_is_not_a_bad_image() -> None:
    class Broken(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > 2:
                raise StoreUnavailable("S3 throttles")
            return super().read(size)

    for kind in ("JPEG", "PNG", "TIFF", "GIF"):
        data = encoded(scene(), kind)
        with pytest.raises(StoreUnavailable):
            inspect(Broken(data), len(data), Limits())


def test_chunks_that_tell_no_pixels_can_t_harm_a_png() -> None:
    png = encoded(scene(), "PNG")
    for kind, data in ((b"cHRM", b""), (b"gAMA", b"\0"), (b"zTXt", b"a\0\0" + b"x" * 9), (b"tEXt", b"\xff")):
        made = render(
            with_chunk(png, kind, data), Target("x", 96, 64, "contain", "center"), ("png",), Limits()
        )
        assert Image.open(BytesIO(made.images[0].data)).tobytes() == scene().tobytes()


def test_a_color_in_front_of_a_png_s_header_is_ignored() -> None:
    png = encoded(scene(), "PNG")
    early = png[:8] + with_chunk(png[:33], b"tRNS", bytes(6))[33:] + png[8:]
    made = render(early, Target("x", 96, 64, "contain", "center"), ("png",), Limits())
    assert Image.open(BytesIO(made.images[0].data)).tobytes() == scene().tobytes()


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
def test_a_truncated_image_is_refused(format: str, kept: float) -> None:
    data = encoded(Image.effect_noise((200, 150), 60).convert("RGB"), format)
    with pytest.raises(ImageRejected, match=r"cut off|damaged"):
        render(data[: int(len(data) * kept)], Target("x", 50, 38, "contain", "center"), ("png",), Limits())


def test_a_truncated_photo_is_refused(samples: Path) -> None:
    with pytest.raises(ImageRejected, match="cut off"):
        render(
            (samples / "truncated.jpg").read_bytes(),
            Target("x", 50, 75, "contain", "center"),
            ("jpeg",),
            Limits(),
        )


def test_exif_orientation_swaps_the_sides() -> None:
    found = look(encoded(scene(), "JPEG", exif=exif(6)))
    assert (found.width, found.height) == (64, 96)


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
def test_a_photo_that_was_cut_off_and_ended_again_is_refused(kept: float, samples: Path) -> None:
    photo = (samples / "landscape-orientation1.jpg").read_bytes()
    with pytest.raises(ImageRejected, match=r"cut off|damaged"):
        render(
            photo[: int(len(photo) * kept)] + b"\xff\xd9",
            Target("x", 300, 200, "contain", "center"),
            ("jpeg",),
            Limits(),
        )


@pytest.mark.parametrize("color", [(0, 0, 0), (255, 255, 255), (30, 90, 170)])
@pytest.mark.parametrize("noisy", [0, 100, 350])
def test_a_photo_with_a_border_of_one_color_is_no_fragment(noisy: int, color: tuple[int, int, int]) -> None:
    image = Image.new("RGB", (600, 400), color)
    if noisy:
        image.paste(Image.effect_noise((600, noisy), 80).convert("RGB"), (0, 0))
    for options in ({}, {"optimize": True}, {"subsampling": "4:4:4"}):
        render(
            encoded(image, "JPEG", **options), Target("x", 60, 40, "contain", "center"), ("jpeg",), Limits()
        )
