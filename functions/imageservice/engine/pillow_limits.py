"""Pillow's own limits and settings, which hold for the whole process."""

from PIL import Image, PngImagePlugin, TiffImagePlugin

from imageservice.engine.pixels.icc_bounds import MAX_PROFILE


def set_pillow_limits() -> None:
    """Replaces Pillow's limit on pixels by the engine's, widens its limit on ICC profiles in PNGs, and has libtiff read
    every TIFF.

    Called once by each process that decodes images. The engine checks `Limits` before any pixel is decoded, for every
    format alike. Without this call Pillow warns above 89 megapixels and refuses above 179.
    """
    Image.MAX_IMAGE_PIXELS = None
    # png.still_png() leaves out every other chunk that could be large.
    PngImagePlugin.MAX_TEXT_CHUNK = MAX_PROFILE
    # Pillow's own reader of uncompressed TIFFs makes noise of 16 bits in separate planes.
    TiffImagePlugin.READ_LIBTIFF = True
