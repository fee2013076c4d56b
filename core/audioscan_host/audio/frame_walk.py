"""Where each frame of an MP3 or of a raw AAC begins: from header to header, without decoding.

Such files have no index and no timestamps: that a frame is the hundredth is known only by counting.
"""

from array import array
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

_MARKED = 64
"""Every so many frames, the place of one is kept."""

_BLOCK = 2**22
"""Bytes that are read at a time."""

_CHECKED = 16
"""Frames on the way that have to lie where a constant size puts them; one alone would do so by chance in 1 of 100 files."""

_NEAR = 5
"""Bytes in which an MP3's header can begin one byte early, in time, or one late."""

_HEADER = 7
"""Bytes of the longest header."""

_MPEG1, _MPEG2 = 3, 2
_KBITS = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0),  # MPEG 1, layer III
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0),  # MPEG 2 and 2.5
}
_RATES = (44_100, 48_000, 32_000, 0)
"""Hz in MPEG 1; half of it in MPEG 2, a quarter in MPEG 2.5. All of these: ISO/IEC 11172-3 and 13818-3."""

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]


class _Frames(Protocol):
    """What frames of one file look like."""

    constant_size: Fraction | None
    """Bytes of each, on average, if all have the bit rate of the first; None where they never do."""

    def candidates(self, data: Bytes) -> Places:
        """Where a header may begin."""

    def sizes(self, data: Bytes, places: Places) -> Places:
        """Bytes of the frames whose headers begin there; 0 where none can be."""


class FrameWalk:
    """Counts frames from a known one on, only as far as asked for.

    It ends where something else than a frame of the same kind follows: a tag, damage, the end of the file.

    Args:
        path: the file.
        begin: the first byte of frame 0.
        container: `mp3` or `aac`.
    """

    def __init__(self, path: Path, begin: int, container: str) -> None:
        self._path = path
        self._marks = array("q")
        self._at = self._begin = begin
        self._frames = 0
        self._ended = False
        with path.open("rb") as file:
            file.seek(begin)
            first = file.read(_HEADER).ljust(_HEADER, b"\0")
        self._kind: _Frames = _Mp3Frames(first) if container == "mp3" else _AdtsFrames(first)

    def byte_of(self, frame: int) -> int | None:
        """The first byte of a frame; None where it cannot be reached from header to header."""
        if frame >= self._frames and (constant := self._by_constant_size(frame)) is not None:
            return constant
        self._go_on(frame + 1)
        if frame >= self._frames:
            return None
        at = self._marks[frame // _MARKED]
        return at + int(self._chain(at, 2**18)[0][frame % _MARKED])

    def count(self) -> int:
        """How many frames follow each other."""
        self._go_on(None)
        return self._frames

    def is_constant(self, after: int) -> bool:
        """Whether frames are of one size up to byte `after`, as far as samples of them tell."""
        size = self._kind.constant_size
        return size is not None and self._by_constant_size(int((after - self._begin) / size) - 2) is not None

    def _by_constant_size(self, frame: int) -> int | None:
        """Where a frame has to be if all are of one size; None where those on the way there are elsewhere."""
        size = self._kind.constant_size
        if size is None:
            return None
        place = self._begin
        with self._path.open("rb") as file:
            for step in range(1, _CHECKED + 1):
                place = self._begin + int(frame * step // _CHECKED * size)
                file.seek(place - 1)
                near = np.frombuffer(file.read(_NEAR), np.uint8)
                if len(near) < _NEAR or not len(found := self._kind.candidates(near)):
                    return None
                place += int(found[0]) - 1
        return place

    def _go_on(self, frames: int | None) -> None:
        while not self._ended and (frames is None or self._frames < frames):
            begins, length = self._chain(self._at, _BLOCK)
            self._marks.extend((self._at + begins[-self._frames % _MARKED :: _MARKED]).tolist())
            self._frames += len(begins)
            self._at += length
            self._ended = not len(begins)

    def _chain(self, at: int, most: int) -> tuple[Places, int]:
        """Where the whole frames among so many bytes begin, counted from `at`, and where the last one ends."""
        with self._path.open("rb") as file:
            file.seek(at)
            data = np.frombuffer(file.read(most), np.uint8)
        if len(data) < _HEADER:
            return np.zeros(0, np.int64), 0
        places = self._kind.candidates(data[: len(data) - _HEADER + 1])
        ends = places + self._kind.sizes(data, places)
        chained = bool(len(places)) and not places[0] and bool((ends[:-1] == places[1:]).all())
        kept = slice(None) if chained else _following(places, ends)
        places, ends = places[kept], ends[kept]
        whole = int(np.searchsorted(ends, len(data), "right"))
        return places[:whole], int(ends[whole - 1]) if whole else 0


def _following(places: Places, ends: Places) -> list[int]:
    """Which of the candidates follow each other from byte 0 on: in audio, some bytes look like a header."""
    number = {place: index for index, place in enumerate(places.tolist())}
    kept, at, after = [], 0, ends.tolist()
    while (index := number.get(at)) is not None and after[index] > at:
        kept.append(index)
        at = after[index]
    return kept


class _Mp3Frames:
    """Layer III, of the version and the sample rate of the first one."""

    def __init__(self, first: bytes) -> None:
        self._second, self._rate_bits = first[1], first[2] & 0x0C
        version, layer = self._second >> 3 & 3, self._second >> 1 & 3
        rate = _RATES[self._rate_bits >> 2] // {_MPEG1: 1, _MPEG2: 2}.get(version, 4)
        slots = 144 if version == _MPEG1 else 72
        first_kbits = _KBITS[version == _MPEG1][first[2] >> 4] if rate else 0
        self.constant_size: Fraction | None = (
            Fraction(slots * 1000 * first_kbits, rate) if first_kbits else None
        )
        self._sizes = np.zeros(256, np.int64)  # by the third byte of the header
        for byte in range(256):
            kbits = _KBITS[version == _MPEG1][byte >> 4]
            if layer == 1 and kbits and rate and byte & 0x0C == self._rate_bits:
                self._sizes[byte] = slots * 1000 * kbits // rate + (byte >> 1 & 1)

    def candidates(self, data: Bytes) -> Places:
        places = np.flatnonzero(data[:-2] == 0xFF)
        places = places[data[places + 1] == self._second]
        kept: Places = places[self._sizes[data[places + 2]] > 0]
        return kept

    def sizes(self, data: Bytes, places: Places) -> Places:
        sizes: Places = self._sizes[data[places + 2]]
        return sizes


class _AdtsFrames:
    """AAC frames whose fixed header (28 bits, ISO/IEC 13818-7) is that of the first one; one block of audio in each."""

    def __init__(self, first: bytes) -> None:
        self._fixed = first[1], first[2], first[3] & 0xF0
        self.constant_size: Fraction | None = None

    def candidates(self, data: Bytes) -> Places:
        second, third, fourth = self._fixed
        places = np.flatnonzero(data[:-3] == 0xFF)
        places = places[data[places + 1] == second]
        kept: Places = places[(data[places + 2] == third) & (data[places + 3] & 0xF0 == fourth)]
        return kept

    def sizes(self, data: Bytes, places: Places) -> Places:
        low = [data[places + number].astype(np.int64) for number in range(3, _HEADER)]
        sizes = (low[0] & 3) << 11 | low[1] << 3 | low[2] >> 5
        sizes[(sizes < _HEADER) | (low[3] & 3 > 0)] = 0
        return sizes
