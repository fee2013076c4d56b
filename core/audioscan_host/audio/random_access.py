"""A recording that stays open and is read at any place: for listening and looking, in any order."""

from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audioscan_host.audio.frames import pieces
from audioscan_host.audio.opening import AudioInfo, opened
from audioscan_host.audio.resampling import resampled
from audioscan_host.audio.seeking import BEGINNING, Landing, Seeking
from audioscan_host.notes import Note

Samples = npt.NDArray[np.float32]

GOES_ON = 10.0
"""Seconds that are decoded and thrown away rather than sought over."""

HELD = 3.0
"""Seconds of what was read last that are kept, for what overlaps with it."""


class RecordingReader:
    """Reads parts of one recording, mixed to mono, at its own rate.

    A part lies where `decode` has it; within 15 ms where a container's clock is coarse and its packets do not follow
    each other. Its bits may differ in codecs that fill in noise (AAC, AC-3). What is missing, damaged or behind the end is
    silence. For one thread at a time.

    Args:
        path: the recording.

    Attributes:
        path: the file.
        duration: seconds, counted where the container only estimates them; None where neither can be had.

    Raises:
        RecordingError: as `probe`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._closing = ExitStack()
        self._seeking = Seeking(path)
        self._open()
        self.duration = self._seeking.seconds(self._recording)

    @property
    def info(self) -> AudioInfo:
        """What the container declares."""
        return self._recording.info

    @property
    def index_entries(self) -> int:
        """How many packets the container lists in memory: of an MP4 of ten hours, more than a million."""
        return len(self._recording.track.index_entries)

    def read(self, first: int, after: int) -> Samples:
        """The samples from `first` up to `after`: (after - first,) float32.

        Raises:
            RecordingError: nothing in it can be decoded, or it holds NaN or infinite samples.
        """
        part = np.zeros(max(after - first, 0), np.float32)
        if not len(part):
            return part
        rate = self.info.sample_rate
        oldest = self._held[0][0] if self._held else self._next
        if not oldest <= max(first, 0) <= self._next + GOES_ON * rate:
            self._go_to(max(first, 0))
        for begin, piece in [*self._held]:
            _lay(part, first, begin, piece)
        for piece in self._until(after):
            _lay(part, first, self._next, piece)
            self._held.append((self._next, piece))
            self._next += len(piece)
            while self._held[0][0] + len(self._held[0][1]) < self._next - HELD * rate:
                self._held.popleft()
        return part

    def _until(self, after: int) -> Iterator[Samples]:
        """The pieces that come next, as long as they begin before `after`; asked for one by one, they may be read on."""
        while self._next < after:
            piece = next(self._pieces, None)
            if piece is None:
                return
            yield piece

    def close(self) -> None:
        """Close the file."""
        self._pieces.close()
        self._held.clear()
        self._closing.close()

    def _open(self) -> None:
        self._recording = self._closing.enter_context(opened(self.path))
        self._begin(BEGINNING)

    def _begin(self, landing: Landing) -> None:
        self._held: deque[tuple[int, Samples]] = deque()
        self._next = landing.sample
        read = pieces(self._recording, landing=landing, tell=_untold)
        self._pieces = (piece for piece in resampled(read, self.info.sample_rate))

    def _go_to(self, first: int) -> None:
        self._pieces.close()
        landing = self._seeking.go_to(self._recording, first / self.info.sample_rate)
        if landing is not None:
            self._begin(landing)
            return
        self._closing.close()
        self._open()


def _lay(part: Samples, first: int, begin: int, piece: Samples) -> None:
    """Copy what of a piece that begins at sample `begin` lies in a part that begins at `first`."""
    left, right = max(first, begin), min(first + len(part), begin + len(piece))
    if left < right:
        part[left - first : right - first] = piece[left - begin : right - begin]


def _untold(_note: Note) -> None:
    """Damage is told when a recording is embedded."""
