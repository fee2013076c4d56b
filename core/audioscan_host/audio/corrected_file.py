"""A file that reads as if some bytes of it were others; nothing is written."""

from typing import IO


class CorrectedFile:
    """An open file, with `correction` in place of what is there.

    Args:
        file: the file.
        at: the place of the first byte that is replaced.
        correction: the bytes to be read there.
    """

    def __init__(self, file: IO[bytes], at: int, correction: bytes) -> None:
        self.name = file.name
        self._file = file
        self._at = at
        self._correction = correction
        self.seek = self._file.seek
        self.tell = self._file.tell
        self.close = self._file.close

    def read(self, size: int = -1) -> bytes:
        """As of any file."""
        begin = self._file.tell()
        data = self._file.read(size)
        first = max(self._at, begin)
        last = min(self._at + len(self._correction), begin + len(data))
        if first >= last:
            return data
        corrected = self._correction[first - self._at : last - self._at]
        return data[: first - begin] + corrected + data[last - begin :]
