"""One long recording decoded in several parts at once: to the bit what decoding it in one go gives, and as one stream.

Only where a container can be sought to the sample. Parts are decoded at the recording's own rate. They are resampled, and their
silence is found, when they are one after the other again, since a resampler remembers all that came before.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audioscan_host.audio.decoder_wire import Request
from audioscan_host.audio.opening import AudioInfo, opened
from audioscan_host.audio.read_ahead import ReadAhead
from audioscan_host.audio.seeking import Seeking
from audioscan_host.channels import LOUDEST
from audioscan_host.errors import RecordingError
from audioscan_host.notes import Note, Tell

PART = 2**22
"""Samples of a part: 16 MB, 87 s at 48 kHz. A second before each part is decoded in vain."""

MOST_PARTS = 4
"""That are decoded at once; as many wait in memory where the encoder is slower."""

Waveform = npt.NDArray[np.float32]

Decode = Callable[[Request, Tell], Iterator[Waveform]]
"""Decodes in a process; raises what `audio.decode` raises."""


@dataclass(frozen=True)
class Parts:
    """How a recording is cut.

    Attributes:
        info: what its container declares.
        starts: seconds, from 0, at its own rate whole samples.
    """

    info: AudioInfo
    starts: tuple[float, ...]


def parts_of(path: Path, sample_rate: int | None, channel: str) -> Parts | None:
    """The parts that have, to the bit, the samples of the whole; None where there are none, or nothing is gained by them.

    Raises:
        RecordingError: as `probe`.
    """
    if channel == LOUDEST:  # which one that is shows in the end
        return None
    with opened(path) as recording:
        info = recording.info
        seconds = PART // info.sample_rate
        count = int((info.duration or 0.0) / seconds)
        if info.codec.startswith("pcm_") and sample_rate in {None, info.sample_rate}:
            return None  # one process gives these as quickly as another takes them
        seeking = Seeking(path)
        if count < 2 or not seeking.is_exact(recording, None) or seeking.go_to(recording, seconds) is None:
            return None
    return Parts(info, tuple(float(number * seconds) for number in range(count)))


def decode_in_parts(
    request: Request, parts: Parts, decode: Decode, is_spare: Callable[[], bool], tell: Tell
) -> Iterator[Waveform]:
    """The samples of a recording at its own rate.

    A part of which there is something to tell is not used, nor are those behind it: all from there on is decoded in one go,
    which tells it as always.

    Args:
        request: for the whole of it.
        parts: of it.
        decode: is called in several threads.
        is_spare: whether another part can be decoded without making other recordings wait.
        tell: is given what users must know.

    Raises:
        RecordingError: as `audio.decode`.
    """
    own = replace(request, sample_rate=None, metered=False)
    bounds = zip(parts.starts, (*parts.starts[1:], None), strict=True)
    waiting = deque(replace(own, start=start, end=end) for start, end in bounds)
    under_way: deque[_Part] = deque()
    position = 0
    try:
        while waiting or under_way:
            while waiting and len(under_way) < MOST_PARTS and (not under_way or is_spare()):
                under_way.append(_Part(waiting.popleft(), decode))
            chunks = under_way.popleft().taken()
            if chunks is None:
                break
            while chunks:
                position += len(chunks[0])
                yield chunks.popleft()
        else:
            return
    finally:
        for part in under_way:
            part.close()
    yield from _behind(decode(own, tell), position)


class _Part:
    """A part that is decoded from now on, in another thread that waits for a process."""

    def __init__(self, request: Request, decode: Decode) -> None:
        self._notes: list[Note] = []
        self._whole = ReadAhead(self._gathered(request, decode), 1)
        self.close: Callable[[], None] = self._whole.close

    def _gathered(self, request: Request, decode: Decode) -> Iterator[deque[Waveform]]:
        # Its process is free for the next part as soon as it is done, and not when somebody has taken all of this one.
        yield deque(decode(request, self._notes.append))

    def taken(self) -> deque[Waveform] | None:
        """All of it; None where there is something to tell."""
        try:
            chunks = next(self._whole)
        except RecordingError:
            return None
        finally:
            self.close()
        return None if self._notes else chunks


def _behind(chunks: Iterator[Waveform], position: int) -> Iterator[Waveform]:
    """The samples from a position on."""
    for chunk in chunks:
        if position < len(chunk):
            yield chunk[position:]
        position = max(position - len(chunk), 0)
