"""The uploaded file as the decoders read it: bounded in time, and never to blame for the store behind it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from imageservice.core.errors import ImageRejected

# What Pillow says of files that are sound but beyond it.
_UNSUPPORTED = (
    "unknown pixel mode",
    "unknown data organization",
    "unsupported bmp",
    "decoder error -2",
    "12-bit",
    "cannot handle",
)


class Source:
    """A seekable file of `size` bytes for Pillow and for the container readers.

    After `seconds` of this thread's CPU time every read raises ImageRejected: decoders that are fed piece by piece stop
    there. A busy machine or a slow store is not the image's fault, so the clock on the wall doesn't count.
    What the file itself raises (a store that is down) is kept in `failure`, so that `decoding` tells it from a bad
    image.
    """

    def __init__(
        self,
        file: BinaryIO,
        size: int,
        seconds: float = float("inf"),
        clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self._file = file
        self.size = size
        self.failure: Exception | None = None
        self._seconds = seconds
        self._clock = clock
        self._deadline = clock() + seconds

    def check_time(self) -> None:
        """Raises ImageRejected once the time is over."""
        if self._clock() > self._deadline:
            raise ImageRejected(f"The image takes longer than {self._seconds:g} seconds to decode.")

    def read(self, size: int = -1) -> bytes:
        self.check_time()
        try:
            return self._file.read(size)
        except Exception as error:  # whatever a store raises: it is raised again, only noted here
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
def decoding(what: str, source: Source) -> Iterator[None]:
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
        if source.failure is not None:
            raise source.failure from None
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
