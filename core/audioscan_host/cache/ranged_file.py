"""An archive of the cache that is fetched by ranges, as few as may be.

It is read in a known order, its end first and each array to its end, or a few headers of it are; so the beginning and the end
stay, and what is fetched has one size from the first range on. `remote/ranged_file.py` does not know the order in which a decoder
reads a recording: it begins small, and keeps what was read last. Of an archive of 41 MB that would take 16 requests instead of
7, and 80 kB where 25 kB tell what is in it.
"""

import io
from collections.abc import Callable
from typing import IO, Any

FIRST = 1 << 20
"""Bytes that are fetched at once: a request takes as long as a megabyte, and most files are whole with it."""

_AHEAD = 8 << 20
_LAST = 1 << 16
"""Bytes of the end, where an archive has its list of members and what it is of."""

_SMALL = 1 << 16
_PLACE = 1 << 13
"""Bytes that are fetched where a file is looked into: the header of an array, and what reads it asks for more than that."""

_END = 1 << 14

Fetch = Callable[[int, int], bytes]


def ranged(fetch: Fetch, size: Callable[[], int]) -> IO[bytes]:
    """A file to be read and sought in; one of up to a megabyte is there after a single request.

    Args:
        fetch: gives the bytes from a position up to another, or to the end where that comes before.
        size: gives the length of the file; is asked for where that is more than a megabyte.
    """
    first = fetch(0, FIRST)
    if len(first) < FIRST:
        return io.BytesIO(first)
    return io.BufferedReader(_Ranges(fetch, size(), first, _AHEAD, _LAST))


def looked_into(fetch: Fetch, size: int) -> IO[bytes]:
    """A file to be read in a few places, of which little more than that is fetched; a small one at once.

    Args:
        fetch: gives the bytes from a position up to another.
        size: the length of the file.
    """
    if size <= _SMALL:
        return io.BytesIO(fetch(0, max(1, size)))  # no range is of no bytes
    return io.BufferedReader(_Ranges(fetch, size, b"", _PLACE, _END))


class _Ranges(io.RawIOBase):
    """Keeps the beginning, the end, and the range that was read last.

    Args:
        fetch: gives the bytes from a position up to another.
        size: the length of the file.
        first: the beginning, which was fetched.
        ahead: bytes that are fetched from where it is read.
        last: bytes of the end.
    """

    def __init__(self, fetch: Fetch, size: int, first: bytes, ahead: int, last: int) -> None:
        self._fetch = fetch
        self._size = size
        self._ahead = ahead
        self._last = last
        self._at = 0
        self._kept: dict[str, tuple[int, bytes]] = {"first": (0, first)}

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        if self._at >= self._size or not len(buffer):
            return 0
        start, content = self._range()
        piece = memoryview(content)[self._at - start :][: len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def _range(self) -> tuple[int, bytes]:
        for start, content in self._kept.values():
            if start <= self._at < start + len(content):
                return start, content
        last = max(0, self._size - self._last)
        of_end = self._at >= last
        start, end = (last, self._size) if of_end else (self._at, min(self._size, self._at + self._ahead))
        self._kept["last" if of_end else "read"] = start, self._fetch(start, end)
        return self._kept["last" if of_end else "read"]
