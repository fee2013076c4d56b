"""Reads the recordings of a session, for whoever listens and looks: one thread, few open files."""

from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from audioscan_ui.media.turns import LISTENING, LOOKING, Turns

if TYPE_CHECKING:
    from audioscan_host.audio.random_access import RecordingReader
    from audioscan_ui.media.tiles import Stretch, Tile

MOST_OPEN = 4
"""Files that are held open."""

MOST_LISTED = 1_000_000
"""Packets that the open files list in memory, some 50 bytes each."""

MOST_TILES = 128
"""Tiles that are kept, 64 KiB each."""


class Recording(Protocol):
    """What is read of a recording of the session."""

    @property
    def path(self) -> Path:
        """The file."""


class Recordings(Protocol):
    """The session, as far as it matters here."""

    def recording(self, number: int) -> Recording:
        """The recording of a number; raises a problem where there is none."""


@dataclass(frozen=True)
class Sound:
    """What a player has to know of a recording.

    Attributes:
        duration: seconds.
        rate: own sample rate, Hz.
        channels: number of them; all are mixed.
        playing_rate: Hz of the WAV that is served.
        version: changes when the file does.
    """

    duration: float
    rate: int
    channels: int
    playing_rate: int
    version: str

    @property
    def samples(self) -> int:
        """Of the WAV that is served."""
        return round(self.duration * self.playing_rate)


class MediaReader:
    """Decodes on one thread of its own. The newest request is served first, sound before pictures.

    A request whose task is cancelled is dropped.
    """

    def __init__(self, session: Recordings) -> None:
        self._session = session
        self._turns = Turns()
        self._open: OrderedDict[str, tuple[RecordingReader, Sound]] = OrderedDict()
        self._tiles: OrderedDict[tuple[str, Tile], bytes] = OrderedDict()

    async def sound(self, number: int) -> Sound:
        """What there is to be heard.

        Raises:
            RecordingError: it cannot be read.
        """
        path = self._session.recording(number).path
        return await self._turns.take(LISTENING, lambda: self._opened(path)[1])

    async def samples(self, number: int, first: int, after: int) -> npt.NDArray[np.float32]:
        """The samples from `first` up to `after` at the playing rate, mixed to mono; silence where there is nothing.

        Raises:
            RecordingError: they cannot be read.
        """
        path = self._session.recording(number).path
        return await self._turns.take(LISTENING, partial(self._samples, path, first, after))

    async def tile(self, number: int, tile: "Tile") -> bytes:
        """A tile of the spectrogram, row by row, the highest frequencies first.

        Raises:
            RecordingError: the audio cannot be read.
        """
        from audioscan_ui.media import tiles

        path = self._session.recording(number).path
        key = (_version(path), tile)
        if key in self._tiles:
            self._tiles.move_to_end(key)
            return self._tiles[key]
        picture = tiles.blank()
        for stretch in tiles.stretches(tile):
            if not await self._turns.take(LOOKING, partial(self._draw, picture, tile, stretch, path)):
                break
        drawn = picture.tobytes()
        self._tiles[key] = drawn
        while len(self._tiles) > MOST_TILES:
            self._tiles.popitem(last=False)
        return drawn

    def close(self) -> None:
        """End the thread and close all files."""
        self._turns.close(self._close_all)

    def _samples(self, path: Path, first: int, after: int) -> npt.NDArray[np.float32]:
        from audioscan_ui.media.playing_rate import played

        reader, sound = self._opened(path)
        return played(reader, sound.playing_rate, first, after)

    def _draw(self, picture: npt.NDArray[np.uint8], tile: "Tile", stretch: "Stretch", path: Path) -> bool:
        from audioscan_ui.media.tiles import draw

        reader, sound = self._opened(path)
        if stretch.start >= sound.duration:
            return False
        draw(picture, tile, stretch, reader)
        return True

    def _opened(self, path: Path) -> "tuple[RecordingReader, Sound]":
        """On the thread."""
        from audioscan_host.audio.random_access import RecordingReader
        from audioscan_ui.media.playing_rate import playing_rate

        version = _version(path)
        if version in self._open:
            self._open.move_to_end(version)
            return self._open[version]
        self._make_room(MOST_OPEN - 1, 0)
        reader = RecordingReader(path)
        info, duration = reader.info, reader.duration or 0.0
        rate = playing_rate(info.sample_rate, duration)
        self._open[version] = reader, Sound(duration, info.sample_rate, info.channels, rate, version)
        self._make_room(MOST_OPEN, 1)
        return self._open[version]

    def _make_room(self, most: int, least: int) -> None:
        """Close what was not used for longest, until `most` are open; fewer, up to `least`, where they list much."""
        listed = sum(reader.index_entries for reader, _ in self._open.values())
        while len(self._open) > most or (listed > MOST_LISTED and len(self._open) > least):
            reader, _ = self._open.popitem(last=False)[1]
            listed -= reader.index_entries
            reader.close()

    def _close_all(self) -> None:
        for reader, _ in self._open.values():
            reader.close()
        self._open.clear()


def _version(path: Path) -> str:
    """Of the file as it is now; a missing one is told by who opens it."""
    try:
        status = path.stat()
    except OSError:
        return str(path)
    return f"{path}:{status.st_size}:{status.st_mtime_ns}"
