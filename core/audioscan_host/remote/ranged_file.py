"""A recording that is fetched by ranges: few bytes where it is looked into, few requests where it is read from end to end.

A decoder leaps, comes back, and may stop after the first header; so requests grow only while it reads on, and little is held.
Archives of the cache have a known order, and a reader of their own for it: `cache/ranged_file.py`.
"""

import errno
import io
import os
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

PAGE = 1 << 16
"""Bytes that are kept or dropped together, and fetched where a place is looked at: headers fit in it."""

LARGEST = 1 << 22
"""Bytes of one request at the most: it takes several times as long as the way there and back."""

HELD = 1 << 23
"""Bytes that are kept; the request that is under way comes on top."""

_LEAPT = 4
"""Pages that are fetched along rather than leapt over."""

_AHEAD = 1 << 20
"""Bytes of a request from which on the next one is sent before it is asked for: who has read so much goes on."""


class RangedFile(io.BufferedIOBase):
    """A file to be read, of which ranges are fetched as they are asked for.

    Where it is read on and on, each request is twice as large as the one before, up to `LARGEST`, and the next one is
    under way meanwhile. Anywhere else a page is fetched. For one thread at a time.

    Args:
        name: what decoders know it by; the end of it may tell its kind.
        size: bytes.
        fetch: gives the bytes from one place up to another.
        closing: is called in the end.
    """

    def __init__(
        self, name: str, size: int, fetch: Callable[[int, int], bytes], closing: Callable[[], None]
    ) -> None:
        self.name = name
        self._size = size
        self._fetch = fetch
        self._closing = closing
        self._at = 0
        self._pages: OrderedDict[int, bytes] = OrderedDict()
        self._count = -(-size // PAGE)
        self._next = 0  # the page behind the last request
        self._window = 0  # pages of the last request
        self._thread: ThreadPoolExecutor | None = None
        self._ahead: tuple[int, int, Future[bytes]] | None = None

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """The place of the next byte."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As of any file; nothing is fetched for it."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        self._at = base + offset
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        """As of any file.

        Raises:
            OSError: what is asked for cannot be fetched.
        """
        if self.closed:
            raise ValueError("I/O operation on closed file")
        end = self._size if size is None or size < 0 else min(self._at + size, self._size)
        pieces = []
        while self._at < end:
            number, begin = divmod(self._at, PAGE)
            if number not in self._pages:
                self._load(number, -(-end // PAGE))
            self._pages.move_to_end(number)
            piece = self._pages[number][begin : begin + end - self._at]
            pieces.append(piece)
            self._at += len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def read1(self, size: int = -1) -> bytes:
        """As of any file: what one request brings."""
        return self.read(PAGE if size < 0 else min(size, PAGE))

    def close(self) -> None:
        """Close it; a request that is under way is waited for."""
        if self.closed:
            return
        try:
            if self._thread is not None:
                self._thread.shutdown(cancel_futures=True)
            self._closing()
        finally:
            self._pages.clear()
            self._ahead = None
            super().close()

    def _load(self, first: int, after: int) -> None:
        """Fetch a page, and those up to `after` that are wanted with it, as far as one request goes."""
        ahead, self._ahead = self._ahead, None
        most = LARGEST // PAGE
        goes_on = bool(self._window) and self._next <= first <= self._next + _LEAPT
        if ahead is not None and ahead[0] <= first < ahead[0] + ahead[1]:
            begin, self._window = ahead[0], ahead[1]
            self._keep(begin, self._window, ahead[2].result())
        else:
            begin = self._next if goes_on else first
            wanted = min(after - begin, most + 1)  # what begins within a page ends within another
            likely = min(2 * self._window, most) if goes_on else 1
            self._window = min(max(wanted, likely), self._count - begin)
            self._keep(begin, self._window, self._bytes_of(begin, self._window))
        if goes_on and self._window * PAGE >= _AHEAD and self._next < self._count:
            count = min(2 * self._window, most, self._count - self._next)
            self._ahead = self._next, count, self._threads().submit(self._bytes_of, self._next, count)

    def _threads(self) -> "ThreadPoolExecutor":
        if self._thread is None:
            from concurrent.futures import ThreadPoolExecutor  # not for a command that lists models

            self._thread = ThreadPoolExecutor(1, "read-ahead")
        return self._thread

    def _bytes_of(self, first: int, count: int) -> bytes:
        begin, end = first * PAGE, min((first + count) * PAGE, self._size)
        data = self._fetch(begin, end)
        if len(data) != end - begin:
            reason = f"{len(data)} bytes came where {end - begin} were asked for: it changed, or cannot be read by ranges"
            raise OSError(errno.EIO, reason, self.name)
        return data

    def _keep(self, first: int, count: int, data: bytes) -> None:
        for number in range(count):
            self._pages[first + number] = data[number * PAGE : (number + 1) * PAGE]
            self._pages.move_to_end(first + number)
        self._next = first + count
        while len(self._pages) > HELD // PAGE:
            self._pages.popitem(last=False)
