"""A file that is fetched by ranges, as few as may be."""

import io
from collections.abc import Callable
from typing import IO, Any

FIRST = 1 << 20
"""Bytes that are fetched at once: a request takes as long as a megabyte, and most files are whole with it."""

_AHEAD = 8 << 20
_LAST = 1 << 16
"""Bytes of the end, where an archive has its list of members and what it is of."""

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
    return io.BufferedReader(_Ranges(fetch, size(), first))


class _Ranges(io.RawIOBase):
    """Keeps the beginning, the end, and the range that was read last."""

    def __init__(self, fetch: Fetch, size: int, first: bytes) -> None:
        self._fetch = fetch
        self._size = size
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
        last = max(0, self._size - _LAST)
        of_end = self._at >= last
        start, end = (last, self._size) if of_end else (self._at, min(self._size, self._at + _AHEAD))
        self._kept["last" if of_end else "read"] = start, self._fetch(start, end)
        return self._kept["last" if of_end else "read"]
