"""The uploaded file as the decoders read it: bounded in time, with a failing store kept apart from a bad image."""

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
    "decoder error -2",
    "12-bit",
    "cannot handle",
)


class BoundedFile:
    """A seekable file of `size` bytes for Pillow and for the container readers.

    After `limits.max_decode_seconds` of this thread's CPU time every read raises ImageRejected, which stops a decoder
    that is fed piece by piece. Wall time does not count: a busy machine or a slow store is not the image's fault.
    What the file itself raises (a store that is down) is kept in `failure`, so that `decoding` can raise that instead
    of rejecting the image.
    """

    def __init__(
        self,
        file: BinaryIO,
        size: int,
        limits: Limits,
        clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self._file = file
        self.size = size
        self.failure: Exception | None = None
        self.limits = limits
        self._clock = clock
        self._deadline = clock() + limits.max_decode_seconds

    def check_time(self) -> None:
        """Raises ImageRejected once the time is over."""
        if self._clock() > self._deadline:
            raise ImageRejected(
                f"The image takes longer than {self.limits.max_decode_seconds:g} seconds to decode."
            )

    def read(self, size: int = -1) -> bytes:
        self.check_time()
        try:
            return self._file.read(size)
        except Exception as error:  # any error of the store: noted here, raised again
            self.failure = error
            raise

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

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
    """Turns whatever a decoder raises on a damaged file into ImageRejected; failures of the store pass unchanged.

    Only calls into decoders belong inside.
    """
    try:
        yield
    except ImageRejected:
        raise
    except MemoryError as error:
        raise ImageRejected(f"The {what} needs more memory than there is: its header is damaged.") from error
    # Pillow and pillow-heif raise almost anything on damaged input: OSError, SyntaxError, ValueError, TypeError,
    # KeyError, IndexError, EOFError, OverflowError, RuntimeError, struct.error, zlib.error, AttributeError.
    except Exception as error:
        if file.failure is not None:
            raise file.failure from None
        raise ImageRejected(reason(what, error)) from error


def reason(what: str, error: Exception) -> str:
    """A plain sentence for what a decoder raised."""
    text = str(error).lower()
    if any(words in text for words in _UNSUPPORTED):
        return f"The {what} stores its pixels in a way that is not supported; send it as JPEG or PNG."
    if isinstance(error, EOFError) or any(
        word in text for word in ("truncated", "end of file", "unexpected end")
    ):
        return f"The {what} is cut off: it ends before its last pixel."
    return f"The {what} is damaged: its pixels can't be decoded."
