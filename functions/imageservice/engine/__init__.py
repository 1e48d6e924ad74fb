"""Pixels: from an uploaded file to its renditions. The only package that imports Pillow.

    inspection        from the header: format, size, frames, alpha; by ranged reads, within the limits
    decode            a still image's pixels, as many as a target needs
    decode_animation  a moving image's frames, each as a person sees it
    encode            one image as AVIF, WebP, JPEG, PNG or GIF
    encode_animation  frames as one WebP or GIF
    placeholder       the tiny preview and the dominant color
    render            all of it: bytes in, renditions of one size out
    pillow_limits     Pillow's own limits, set once by each process that decodes
    containers/       one module a container: its header and its pixels
    pixels/           size, orientation, bit depth and color of pixels, whatever container they come from

Nothing here knows of S3, Lambda or the plan's names. Importing this package imports no Pillow.
"""

ENGINE_VERSION = "6"
"""Part of every rendition's digest: raise it when pixels or bytes change, and every image gets new keys."""
