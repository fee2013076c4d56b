"""A recording, decoded ahead of whoever needs its samples, and its digital silence."""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from audioscan_host.audio import AudioInfo, Decoders, ReadAhead, decode
from audioscan_host.cache import Cache
from audioscan_host.errors import RecordingError
from audioscan_host.notes import About, Note, Tell, log
from audioscan_host.progress import Advance
from audioscan_host.recordings import Recording
from audioscan_host.silence import SilenceMeter, Spans, no_silence

READ_AHEAD = 1
"""Blocks of decoded audio that may wait for the encoder; another is being decoded meanwhile."""

Opened = Callable[[AudioInfo], None]
"""Is given what a container declares, once it is open."""

B = TypeVar("B")


class DecodedRecording(Generic[B]):
    """A recording as blocks, which another thread decodes and cuts from now on.

    Args:
        recording: the media file.
        sample_rate: wanted, Hz.
        cut: makes blocks of chunks of (samples,) float32.
        decoders: processes that decode it, where it is worth them; None where the other thread does.
        on_open: is given what the container declares, in the other thread.
        on_ready: called in the other thread when a block, or the end, is there.
        tell: is told of damage, in the other thread.
    """

    def __init__(
        self,
        recording: Recording,
        sample_rate: int,
        cut: Callable[[Iterable[npt.NDArray[np.float32]]], Iterator[B]],
        *,
        decoders: Decoders | None = None,
        on_open: Opened | None = None,
        on_ready: Callable[[], None] | None = None,
        tell: Tell = log,
    ) -> None:
        self._meter = SilenceMeter()
        self._count = 0
        apart = decoders is not None and decoders.are_worth(recording.path, recording.size)
        decoded = (decoders.decode if decoders is not None and apart else decode)(
            recording.path,
            sample_rate,
            channel=recording.channel,
            meter=self._meter,
            on_open=on_open,
            tell=tell,
        )
        self.blocks = ReadAhead(_cut(cut, self._counted(decoded)), READ_AHEAD, on_ready, sparing=True)
        """The blocks, one after the other."""
        self.close: Callable[[], None] = self.blocks.close

    def _counted(
        self, chunks: Iterator[npt.NDArray[np.float32]]
    ) -> Generator[npt.NDArray[np.float32], None, None]:
        for chunk in chunks:
            self._count += len(chunk)
            yield chunk

    @property
    def count(self) -> int:
        """Samples, once all blocks were read."""
        return self._count

    @property
    def silence(self) -> Spans:
        """(spans, 2) seconds, once all blocks were read."""
        return self._meter.spans()


def _cut(
    cut: Callable[[Iterable[npt.NDArray[np.float32]]], Iterator[B]],
    chunks: Generator[npt.NDArray[np.float32], None, None],
) -> Generator[B, None, None]:
    with closing(chunks):  # when the reader leaves, so that the file is closed in this thread
        yield from cut(chunks)


def known_silence(
    recording: Recording,
    cache: Cache,
    advance: Advance,
    *,
    on_open: Opened | None = None,
    tell: Tell = log,
) -> Spans:
    """The digital silence of a recording, from the cache, or where it is not there by decoding once more.

    A recording that can no longer be decoded has none that is known of: that is told.

    Args:
        recording: the media file.
        cache: keeps what is found.
        advance: called with the seconds of audio that were decoded.
        on_open: is given what the container declares, where it is opened.
        tell: is given what users must know.

    Returns:
        (spans, 2) seconds, ascending.
    """
    file = cache.silence_of(recording)
    spans = file.read(tell)
    if spans is None:
        try:
            spans = _find_silence(recording, advance, on_open, tell)
        except RecordingError as error:
            message = f"{error}; whether it has digital silence is not known"
            tell(Note(About.SILENCE, message, recording.path))
            return no_silence()
        file.write(spans, tell)
    return spans


def _find_silence(recording: Recording, advance: Advance, on_open: Opened | None, tell: Tell) -> Spans:
    meter = SilenceMeter()
    rates: list[int] = []

    def opened(info: AudioInfo) -> None:
        rates.append(info.sample_rate)
        if on_open is not None:
            on_open(info)

    # At its own rate: nothing has to be resampled.
    chunks = decode(recording.path, None, channel=recording.channel, meter=meter, on_open=opened, tell=tell)
    for chunk in chunks:
        advance(len(chunk) / rates[0])
    recording.require_unchanged()
    return meter.spans()
