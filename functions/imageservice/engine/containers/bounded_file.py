"""The uploaded file as the decoders read it: limited in time, and with the store's errors distinct from a bad image."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from imageservice.core.errors import ImageRejected
from imageservice.core.limits import Limits

# Pillow's messages about whole files whose kind it does not support.
_UNSUPPORTED = (
    "unknown pixel mode",
    "unknown data organization",
    "unsupported bmp",
    "12-bit",
    "cannot handle",
)

_DECODERS = {"PIL", "pillow_heif", "simplejpeg"}


class BoundedFile:
    """A seekable file of `size` bytes for Pillow and for the container readers.

    After `seconds` of this thread's CPU time (`limits.max_decode_seconds` where they are not given) every read raises
    ImageRejected, which stops a decoder that is fed piece by piece. Wall time does not count: a busy machine or a slow
    store is not the image's fault.
    What the file itself raises (a store that is down) is kept in `failure`, so that `decoding` can raise that instead
    of rejecting the image.
    """

    def __init__(
        self,
        file: BinaryIO,
        size: int,
        limits: Limits,
        seconds: float | None = None,
        clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self._file = file
        self.size = size
        self.failure: Exception | None = None
        self.limits = limits
        self._clock = clock
        self._seconds = limits.max_decode_seconds if seconds is None else seconds
        self._deadline = clock() + self._seconds

    def check_time(self) -> None:
        """Raises ImageRejected when the time is used up."""
        if self._clock() > self._deadline:
            raise ImageRejected(f"The image takes longer than {self._seconds:g} seconds to decode.")

    def read(self, size: int = -1) -> bytes:
        self.check_time()
        try:
            # A file may state any length, but no file object takes more than 63 bits.
            return self._file.read(min(size, self.size) if size > 0 else size)
        except Exception as error:  # any error of the store: noted here, raised again
            self.failure = error
            raise

    def seek(self, offset: int, whence: int = 0) -> int:
        """Goes to a place that the file states, at most to its end. Raises ImageRejected for one before its begin."""
        place = (0, self._file.tell(), self.size)[whence] + offset
        if place < 0:
            raise ImageRejected("The image is damaged: it points to a place before its begin.")
        return self._file.seek(min(place, self.size))

    def tell(self) -> int:
        return self._file.tell()

    def flush(self) -> None:
        """Nothing is ever written; Pillow's TIFF reader asks for it."""

    def at(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`; fewer at the end of the file."""
        self.seek(offset)
        return self.read(length)


@contextmanager
def decoding(what: str, file: BoundedFile) -> Iterator[None]:
    """Turns what a decoder raises on a damaged file into ImageRejected. `what` is the format as people read it.

    Decoders raise almost anything: OSError, SyntaxError, ValueError, KeyError, struct.error, and more. What counts is
    where it was raised: in a decoder's package it is the image's fault, in this package it is a bug and passes. So do
    failures of the store.
    """
    try:
        yield
    except ImageRejected:
        raise
    except MemoryError as error:
        raise ImageRejected(f"The {what} needs more memory than there is.") from error
    except Exception as error:
        if file.failure is not None:
            raise file.failure from None
        if not _is_decoders(error):
            raise
        raise ImageRejected(reason(what, error)) from error


def _is_decoders(error: Exception) -> bool:
    """Whether the error was raised in a decoder's package."""
    trace = error.__traceback__
    if trace is None:
        return False
    while trace.tb_next is not None:
        trace = trace.tb_next
    return str(trace.tb_frame.f_globals.get("__name__", "")).split(".")[0] in _DECODERS


def reason(what: str, error: Exception) -> str:
    """A sentence for the uploader about what a decoder raised."""
    text = str(error).lower()
    if any(words in text for words in _UNSUPPORTED):
        return f"The {what} stores its pixels in a way that is not supported; send it as JPEG or PNG."
    if isinstance(error, EOFError) or any(
        word in text for word in ("truncated", "end of file", "unexpected end")
    ):
        return f"The {what} is cut off: it ends before its last pixel."
    return f"The {what} is damaged: its pixels can't be decoded."
