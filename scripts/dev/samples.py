"""The sample images: the files in tests/samples, and those made from them.

These are made instead of stored, because they are large, or because another stored file already has what they show:

    landscape-orientation{1-5,7,8}.jpg  the stored landscape in every other EXIF orientation
    tomatoes-16mp-orientation8.jpg      the tomatoes at 3264 × 4928, stored on their side
    sign-12mp.jpg                       the phone's photo as JPEG, without its profile
    truncated.jpg                       the first 400,000 bytes of the tomatoes
    landscape-small.jpg                 the landscape at 300 × 200, stored on its side; for tests of order and number
    trees-small.png                     the trees at 240 × 192; for the same
    trees-cutout.png                    the trees as a disc with a soft edge, transparent around it
    cmyk.tif                            the CMYK JPEG as LZW-compressed TIFF, 900 × 699, with its ICC profile
"""

import re
from pathlib import Path

import pillow_heif
from PIL import Image, ImageOps

STORED = Path(__file__).parents[2] / "tests" / "samples"
# A table row's first column: `one.jpg`, `another.jpg`, or `one.jpg` (twin: `another.jpg`).
_ROW = re.compile(r"^\| (`[^|]+) \|", re.MULTILINE)
_NAME = re.compile(r"`([^`]+)`")
_TO_STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
_ORIENTATION = 0x0112
_TRUNCATED_BYTES = 400_000


class MissingSample(Exception):
    """A sample file isn't in the checkout; the message names it in one line."""


def stored(folder: Path = STORED) -> list[Path]:
    """The files that the folder's README lists, and its cases' README. Raises MissingSample if one is absent."""
    listed = [
        readme.parent / name
        for readme in map(present, (folder / "README.md", folder / "cases" / "README.md"))
        for row in _ROW.findall(readme.read_text())
        for name in _NAME.findall(row)
    ]
    return [present(file) for file in listed]


def present(file: Path) -> Path:
    """The file itself; raises MissingSample if it is absent."""
    if not file.is_file():
        raise MissingSample(f"sample file is missing: {file} (git checkout tests/samples brings it back)")
    return file


def gather(folder: Path) -> Path:
    """Put links to the stored files, and the made files, into `folder`, which is empty. Returns `folder`."""
    (folder / "cases").mkdir(parents=True)
    for file in stored():
        (folder / file.relative_to(STORED)).symlink_to(file)
    (folder / "truncated.jpg").write_bytes((STORED / "tomatoes-12mp.jpg").read_bytes()[:_TRUNCATED_BYTES])
    _orientations(folder)
    _small(folder)
    _photos(folder)
    _cmyk_tiff(folder / "cmyk.tif")
    _cutout(folder / "trees-cutout.png")
    return folder


def photos(folder: Path) -> list[Path]:
    """Three photos of 12 to 16 megapixels as JPEGs, two of which are made in `folder`."""
    return [present(STORED / "tomatoes-12mp.jpg"), *_photos(folder)]


def _cutout(file: Path) -> None:
    with Image.open(present(STORED / "trees-alpha.png")) as opened:
        cut = opened.convert("RGBA")
    # 0 in the middle, 255 where the circle touches the sides' ends: opaque to 120, then fading out over 40 levels.
    distance = Image.radial_gradient("L").resize(cut.size)
    cut.putalpha(distance.point([255 - min(max(level - 120, 0) * 255 // 40, 255) for level in range(256)]))
    cut.save(file)


def _orientations(folder: Path) -> None:
    with Image.open(present(STORED / "landscape-orientation6.jpg")) as opened:
        upright = ImageOps.exif_transpose(opened)
    for orientation in (1, *_TO_STORED):
        if orientation != 6:
            _save_stored(upright, orientation, folder / f"landscape-orientation{orientation}.jpg")


def _small(folder: Path) -> None:
    with Image.open(present(STORED / "landscape-orientation6.jpg")) as opened:
        _save_stored(ImageOps.exif_transpose(opened).resize((300, 200)), 6, folder / "landscape-small.jpg")
    with Image.open(present(STORED / "trees-alpha.png")) as opened:
        opened.resize((240, 192)).save(folder / "trees-small.png")


def _photos(folder: Path) -> tuple[Path, Path]:
    large, sign = folder / "tomatoes-16mp-orientation8.jpg", folder / "sign-12mp.jpg"
    with Image.open(present(STORED / "tomatoes-12mp.jpg")) as opened:
        _save_stored(opened.resize((3264, 4928)), 8, large)
    heic = pillow_heif.open_heif(present(STORED / "sign-12mp-displayp3.heic"))
    heic.to_pillow().save(sign, quality=92, icc_profile=None, exif=b"")
    return large, sign


def _save_stored(upright: Image.Image, orientation: int, file: Path) -> None:
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    turned = upright.transpose(_TO_STORED[orientation]) if orientation in _TO_STORED else upright
    turned.save(file, quality=88, exif=exif)


def _cmyk_tiff(file: Path) -> None:
    with Image.open(present(STORED / "cmyk-icc-segments.jpg")) as opened:
        larger = opened.resize((900, 699))
        larger.save(file, compression="tiff_lzw", icc_profile=opened.info["icc_profile"])
