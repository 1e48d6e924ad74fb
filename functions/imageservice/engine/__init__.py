"""Pixels: what an uploaded file is, and the renditions made of it. The only package that imports Pillow.

    sniff        which format the bytes are, and the names of those that are refused
    inspection   the header: size, frames, alpha, limits; by ranged reads
    png gif webp isobmff exif      what the header and the frames of one container say
    decode       pixels as they are stored, small enough at once; still and moving
    geometry     which part of the stored pixels makes the upright rendition
    colour       any colours to sRGB in 8 bits
    encode       one image as AVIF, WebP, JPEG, PNG or GIF
    placeholder  the tiny preview and the dominant colour
    render       all of it: bytes in, renditions out

Nothing here knows of S3, Lambda or the plan's names. Importing this package imports no Pillow.
"""

ENGINE_VERSION = "1"
"""Part of every rendition's digest: raise it when pixels or bytes change, and every image gets new keys."""
