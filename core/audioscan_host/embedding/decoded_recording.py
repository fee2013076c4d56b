"""A recording, decoded ahead of whoever needs its samples, and its digital silence."""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from audioscan_host.audio import AudioInfo, decode, read_ahead
from audioscan_host.cache import Cache
from audioscan_host.errors import RecordingError
from audioscan_host.notes import About, Note, Tell, log
from audioscan_host.progress import Advance
from audioscan_host.recordings import Recording
from audioscan_host.silence import SilenceMeter, Spans, no_silence

READ_AHEAD = 8
"""Chunks of decoded audio that may wait for the encoder."""

Opened = Callable[[AudioInfo], None]
"""Is given what a container declares, once it is open."""


class DecodedRecording:
    """The decoded chunks of a recording, read ahead.

    Attributes:
        count: samples so far.
    """

    def __init__(
        self, recording: Recording, sample_rate: int, *, on_open: Opened | None = None, tell: Tell = log
    ) -> None:
        self._meter = SilenceMeter()
        decoded = decode(
            recording.path,
            sample_rate,
            channel=recording.channel,
            meter=self._meter,
            on_open=on_open,
            tell=tell,
        )
        self._chunks = read_ahead(decoded, READ_AHEAD)
        self.close: Callable[[], None] = self._chunks.close
        self.count = 0

    def __iter__(self) -> Iterator[npt.NDArray[np.float32]]:
        for chunk in self._chunks:
            self.count += len(chunk)
            yield chunk

    @property
    def silence(self) -> Spans:
        """(spans, 2) seconds, once all chunks were read."""
        return self._meter.spans()


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
