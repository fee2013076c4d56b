"""Tiles of the spectrogram: which time and which frequencies each one shows, and from what it is computed."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audioscan_host.audio.random_access import RecordingReader
from audioscan_ui.media.spectrogram import ROWS, columns, frame_length

COLUMNS = 512

SECONDS = 32.0
"""Of a tile at scale 0; each scale more is twice as long, each less half."""

SCALES = range(-6, 12)

WHOLE = 2
"""The highest scale at which all of the audio is looked at; above it, a part of each stretch of time."""

HIGHEST = 24_000.0
"""Hz that a tile reaches up to unless more is asked for."""

_GLIMPSES = 64
"""Stretches of a tile above scale `WHOLE`."""

_GLIMPSE = 0.25
"""Seconds that are looked at of each stretch."""


@dataclass(frozen=True)
class Tile:
    """One tile of a recording.

    Attributes:
        number: from 0, the one at the recording's beginning.
        scale: see `SECONDS`.
        top: upper edge of the highest row, Hz.
    """

    number: int
    scale: int
    top: float

    @property
    def seconds(self) -> float:
        """How long it is."""
        return SECONDS * 2.0**self.scale

    @property
    def start(self) -> float:
        """The second at which it begins."""
        return self.number * self.seconds


@dataclass(frozen=True)
class Stretch:
    """Columns `first` up to `after` of a tile, computed from the audio of `seconds` from `start` on."""

    first: int
    after: int
    start: float
    seconds: float


def stretches(tile: Tile) -> Iterator[Stretch]:
    """What to compute a tile from, one after the other; all columns of a glimpse look the same."""
    if tile.scale <= WHOLE:
        turns = max(1, round(tile.seconds / SECONDS))
        count, seconds = COLUMNS // turns, tile.seconds / turns
        for turn in range(turns):
            yield Stretch(turn * count, (turn + 1) * count, tile.start + turn * seconds, seconds)
        return
    count, seconds = COLUMNS // _GLIMPSES, tile.seconds / _GLIMPSES
    for glimpse in range(_GLIMPSES):
        middle = tile.start + (glimpse + 0.5) * seconds
        yield Stretch(glimpse * count, (glimpse + 1) * count, middle - _GLIMPSE / 2, _GLIMPSE)


def draw(picture: npt.NDArray[np.uint8], tile: Tile, stretch: Stretch, reader: RecordingReader) -> None:
    """Fill the columns of a stretch in a picture, (ROWS, COLUMNS) uint8."""
    rate = reader.info.sample_rate
    half = frame_length(rate, tile.top) // 2
    first, after = round(stretch.start * rate), round((stretch.start + stretch.seconds) * rate)
    count = stretch.after - stretch.first if tile.scale <= WHOLE else 1
    picture[:, stretch.first : stretch.after] = columns(
        reader.read(first - half, after + half), rate, tile.top, count
    )


def blank() -> npt.NDArray[np.uint8]:
    """A picture of silence."""
    return np.zeros((ROWS, COLUMNS), np.uint8)
