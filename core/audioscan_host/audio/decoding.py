"""Media file -> mono float32 chunks at a wanted rate, decoded and resampled as a stream.

Second 0 is where a video player begins: at the start of the audio track, or of a video track that
starts earlier. What is missing or damaged is silence, and what follows keeps its time.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr

from audioscan_host.audio.frames import mono_pieces
from audioscan_host.audio.opening import AudioInfo, opened
from audioscan_host.audio.parts import part_of, require_part
from audioscan_host.notes import About, Note, Tell, log
from audioscan_host.silence import SilenceMeter


def decode(
    path: Path,
    sample_rate: int | None,
    *,
    start: float = 0.0,
    end: float | None = None,
    meter: SilenceMeter | None = None,
    on_open: Callable[[AudioInfo], None] | None = None,
    tell: Tell = log,
) -> Iterator[npt.NDArray[np.float32]]:
    """The recording as consecutive mono chunks of (samples,) float32, about a second each.

    The default audio track is read, the first one where none is marked. The channels are mixed by their
    plain mean, whatever the layout. soxr resamples at its quality HQ; audio that has the wanted rate is
    passed on as it is. A few seconds are held at any time, and the same file gives the same bits.

    A part of a recording is, to the bit, the samples from `round(start * rate)` up to `round(end * rate)` of
    all that is decoded at that rate; where the recording ends before, what there is of them. Decoding begins at
    the recording's beginning all the same, since most codecs remember what they decoded before, and stops behind `end`.

    Args:
        path: the recording.
        sample_rate: wanted, Hz; None for the recording's own.
        start: seconds, 0 or more.
        end: seconds, `start` or more; None for the recording's end.
        meter: is fed the recording at its own rate from its beginning, what is missing or damaged included; it
            has all of it when the last chunk was given, unless there is an `end`.
        on_open: is given what `probe` gives, as soon as that is known.
        tell: is told of damage.

    Raises:
        RecordingError: as `probe`; or nothing in it can be decoded; or it holds NaN or infinite samples.
        SettingError: `start` and `end` are no part of a recording.
    """
    require_part(start, end)
    with opened(path) as recording:
        if on_open is not None:
            on_open(recording.info)
        if recording.untold is not None:
            message = f"{path}: its header says {recording.untold:.1f} s of audio, and what follows is audio too: it is read"
            tell(Note(About.DAMAGE, message, path))
        pieces = mono_pieces(recording, tell=tell)
        metered = pieces if meter is None else _metered(pieces, meter)
        rate = sample_rate or recording.info.sample_rate
        yield from part_of(_resampled(metered, rate), rate, start, end)


def _metered(
    pieces: Iterable[tuple[int, npt.NDArray[np.float32]]], meter: SilenceMeter
) -> Iterator[tuple[int, npt.NDArray[np.float32]]]:
    for piece_rate, piece in pieces:
        meter.feed(piece_rate, piece)
        yield piece_rate, piece


def _resampled(
    pieces: Iterable[tuple[int, npt.NDArray[np.float32]]], sample_rate: int
) -> Iterator[npt.NDArray[np.float32]]:
    resampler: soxr.ResampleStream | None = None
    resampled_from = sample_rate
    nothing = np.zeros(0, np.float32)
    for piece_rate, piece in pieces:
        if piece_rate != resampled_from:
            if resampler is not None:
                yield resampler.resample_chunk(nothing, last=True)
            same = piece_rate == sample_rate
            resampler = None if same else soxr.ResampleStream(piece_rate, sample_rate, 1, quality="HQ")
            resampled_from = piece_rate
        chunk = piece if resampler is None else resampler.resample_chunk(piece)
        if len(chunk):
            yield chunk
    if resampler is not None:
        yield resampler.resample_chunk(nothing, last=True)
