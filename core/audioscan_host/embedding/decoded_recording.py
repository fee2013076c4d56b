"""A recording, decoded ahead of whoever needs its samples, and its digital silence."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audioscan_host.audio import decode, probe, read_ahead
from audioscan_host.cache import Cache
from audioscan_host.errors import RecordingError
from audioscan_host.progress import Advance
from audioscan_host.recordings import Recording
from audioscan_host.silence import SilenceMeter, Spans, no_silence

READ_AHEAD = 8
"""Chunks of decoded audio that may wait for the encoder."""

logger = logging.getLogger(__name__)


class DecodedRecording:
    """The decoded chunks of a recording, read ahead.

    Attributes:
        count: samples so far.
    """

    def __init__(self, path: Path, sample_rate: int) -> None:
        self._meter = SilenceMeter()
        self._chunks = read_ahead(decode(path, sample_rate, meter=self._meter), READ_AHEAD)
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


def known_silence(recording: Recording, cache: Cache, advance: Advance) -> Spans:
    """The digital silence of a recording, from the cache, or where it is not there by decoding once more.

    A recording that can no longer be decoded has none that is known of: that is a warning.

    Args:
        recording: the media file.
        cache: keeps what is found.
        advance: called with the seconds of audio that were decoded.

    Returns:
        (spans, 2) seconds, ascending.
    """
    file = cache.silence_of(recording)
    spans = file.read()
    if spans is None:
        try:
            spans = _find_silence(recording, advance)
        except RecordingError as error:
            logger.warning("%s; whether it has digital silence is not known", error)
            return no_silence()
        file.write(spans)
    return spans


def _find_silence(recording: Recording, advance: Advance) -> Spans:
    meter = SilenceMeter()
    sample_rate = probe(recording.path).sample_rate  # its own: nothing has to be resampled
    for chunk in decode(recording.path, sample_rate, meter=meter):
        advance(len(chunk) / sample_rate)
    require_unchanged(recording)
    return meter.spans()


def require_unchanged(recording: Recording) -> None:
    """Raise `RecordingError` where the file is no longer what it was when it was looked at."""
    if Recording.at(recording.path) != recording:
        raise RecordingError(f"{recording.path}: it changed while it was being read; run again")


def seconds_to_pass(passes: Mapping[Path, Sequence[object]]) -> float | None:
    """Seconds that containers declare, as often as each recording is passed; `None` where one does not say."""
    total = 0.0
    for path, of_recording in passes.items():
        if not of_recording:
            continue
        try:
            duration = probe(path).duration
        except RecordingError:
            continue
        if duration is None:
            return None
        total += duration * len(of_recording)
    return total
