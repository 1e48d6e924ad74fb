"""An artifact without x265 decodes HEIC as before."""

import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pillow_heif
import pytest

import without_x265

SITE_PACKAGES = Path(pillow_heif.__file__).parents[1]
LIBRARIES = SITE_PACKAGES / "pillow_heif.libs"
HEIC = Path(__file__).parents[2] / "samples/sign-12mp-displayp3.heic"
DECODE = """
import hashlib, sys
sys.path.insert(0, sys.argv[1])
import pillow_heif
assert pillow_heif.__file__.startswith(sys.argv[1])
image = pillow_heif.open_heif(open(sys.argv[2], "rb").read()).to_pillow()
loaded = {line.split()[-1] for line in open("/proc/self/maps") if "x265" in line}
print(hashlib.sha256(image.tobytes()).hexdigest(), *loaded)
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="wheels for Linux are what is pruned")


def decoded(folder: Path) -> tuple[str, Path]:
    """The digest of the sample's pixels, and the x265 that was loaded, by the pillow-heif in this folder."""
    ended = subprocess.run(
        [sys.executable, "-c", DECODE, str(folder), str(HEIC)], capture_output=True, text=True, check=True
    )
    digest, library = ended.stdout.split()
    return digest, Path(library)


def test_pixels_are_the_same_and_x265_is_gone(tmp_path: Path) -> None:
    for name in ("pillow_heif", "pillow_heif.libs"):
        shutil.copytree(SITE_PACKAGES / name, tmp_path / name)
    (module,) = SITE_PACKAGES.glob("_pillow_heif*.so")
    shutil.copy(module, tmp_path)
    before, x265 = decoded(tmp_path)
    assert x265.stat().st_size > 10_000_000
    without_x265.main(tmp_path)
    after, replacement = decoded(tmp_path)
    assert after == before
    assert replacement == x265
    assert replacement.stat().st_size < 1_000


def test_the_functions_are_those_that_libheif_looks_for() -> None:
    (libheif,) = LIBRARIES.glob("libheif*")
    functions = without_x265.functions_of_x265(libheif.read_bytes())
    assert b"x265_cleanup" in functions
    assert any(name.startswith(b"x265_api_get_") for name in functions)


def test_the_replacement_is_for_libheifs_processor() -> None:
    for processor in (62, 183):
        library = without_x265.shared_library("libx265.so", [b"x265_cleanup"], processor)
        assert struct.unpack_from("<H", library, 18) == (processor,)


def test_a_folder_without_libheif_is_left_alone(tmp_path: Path) -> None:
    without_x265.main(tmp_path)
    assert list(tmp_path.iterdir()) == []
