"""Media file -> mono float32 chunks at a wanted rate, decoded and resampled as a stream.

Second 0 is where a video player begins: at the start of the audio track, or of a video track that
starts earlier. What is missing or damaged is silence, and what follows keeps its time.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audioscan_host.audio.frames import Damage, pieces
from audioscan_host.audio.levels import CANCELLED, Levels
from audioscan_host.audio.opening import AudioInfo, opened
from audioscan_host.audio.parts import part_of, require_part
from audioscan_host.audio.resampling import resampled
from audioscan_host.audio.seeking import BEGINNING, Landing, Seeking
from audioscan_host.channels import EACH, LOUDEST, MIX, channel_of
from audioscan_host.errors import RecordingError
from audioscan_host.notes import About, Note, Tell, log
from audioscan_host.silence import SilenceMeter


def decode(
    path: Path,
    sample_rate: int | None,
    *,
    start: float = 0.0,
    end: float | None = None,
    channel: str = MIX,
    meter: SilenceMeter | None = None,
    on_open: Callable[[AudioInfo], None] | None = None,
    tell: Tell = log,
) -> Iterator[npt.NDArray[np.float32]]:
    """The recording as consecutive mono chunks of (samples,) float32, about a second each.

    The default audio track is read, the first one where none is marked. Unless a channel is asked for, all are mixed
    by their plain mean, whatever the layout; where they cancel each other out, that is told. soxr resamples at its quality
    HQ; audio that has the wanted rate is passed on as it is. A few seconds are held at any time, and the same file gives the same bits.

    A part of a recording is, to the bit, the samples from `round(start * rate)` up to `round(end * rate)` of
    all that is decoded at that rate; where the recording ends before, what there is of them. Decoding stops behind `end`.
    It begins a second before `start` where the bits are the same all the same: at the recording's own rate without a `meter`, of
    plain samples, FLAC, MP3, ALAC in MP4, and Vorbis, Opus and FLAC in Ogg. All else is decoded from the beginning, since the
    resampler and other codecs remember all that came before; `RecordingReader` does not wait for that.

    Args:
        path: the recording.
        sample_rate: wanted, Hz; None for the recording's own.
        start: seconds, 0 or more.
        end: seconds, `start` or more; None for the recording's end.
        channel: `mix`, a number from 1, or `loudest`, for which the recording is decoded twice.
        meter: is fed the recording at its own rate from its beginning, what is missing or damaged included; it
            has all of it when the last chunk was given, unless there is an `end`.
        on_open: is given what `probe` gives, as soon as that is known.
        tell: is told of damage, and of channels that cancel each other out.

    Raises:
        RecordingError: as `probe`; or nothing in it can be decoded; or it holds NaN or infinite samples; or it has
            no such channel.
        SettingError: `start` and `end` are no part of a recording, or `channel` names no channel.
    """
    require_part(start, end)
    channel = channel_of(channel)
    if channel == LOUDEST:
        channel = _loudest(path)
    with ExitStack() as closing:
        recording = closing.enter_context(opened(path))
        if on_open is not None:
            on_open(recording.info)
        if recording.untold is not None:
            message = f"{path}: its header says {recording.untold:.1f} s of audio, and what follows is audio too: it is read"
            tell(Note(About.DAMAGE, message, path))
        _require_channel(path, channel, recording.info.channels)
        levels = Levels()
        rate = sample_rate or recording.info.sample_rate
        plain = meter is None and rate == recording.info.sample_rate
        landing: Landing | None = BEGINNING
        if (
            plain and start and (seeking := Seeking(path)).is_exact(recording, end)
        ):  # a resampler remembers too
            landing = seeking.go_to(recording, start)
        if landing is None:
            closing.close()
            recording, landing = closing.enter_context(opened(path)), BEGINNING
        damage = Damage()
        read = pieces(
            recording,
            landing=landing,
            channel=channel,
            levels=levels if channel == MIX else None,
            damage=damage,
            tell=tell,
        )
        metered = read if meter is None else _metered(read, meter)
        yield from part_of(resampled(metered, rate), rate, start, end, landing.sample)
        damage.report(path, tell)  # up to an end that was asked for
        if levels.kept < CANCELLED:
            message = (
                f"{path}: its channels cancel each other out, {-10 * math.log10(max(levels.kept, 1e-12)):.0f} dB are lost in "
                "their mix: read one of them, as with --channel 1"
            )
            tell(Note(About.CHANNELS, message, path))


def decode_channels(
    path: Path,
    sample_rate: int | None,
    *,
    on_open: Callable[[AudioInfo], None] | None = None,
    tell: Tell = log,
) -> Iterator[npt.NDArray[np.float32]]:
    """As `decode`, but (samples, channels): as many channels as the container declares.

    Where a track changes their number on its way, each of them is the mean of all that there are then.
    """
    with opened(path) as recording:
        info = recording.info
        if on_open is not None:
            on_open(info)
        every = (
            (rate, _of_channels(piece, info.channels))
            for rate, piece in pieces(recording, channel=EACH, tell=tell)
        )
        yield from resampled(every, sample_rate or info.sample_rate, info.channels)


def _of_channels(piece: npt.NDArray[np.float32], channels: int) -> npt.NDArray[np.float32]:
    if piece.shape[1] == channels:
        return piece
    return np.repeat(piece.mean(axis=1, keepdims=True), channels, axis=1)


def _loudest(path: Path) -> str:
    with opened(path) as recording:
        levels = Levels()
        for _ in pieces(recording, levels=levels, tell=lambda _note: None):
            pass
    return str(levels.loudest)


def _require_channel(path: Path, channel: str, channels: int) -> None:
    if channel != MIX and int(channel) > channels:
        has = "1 channel" if channels == 1 else f"{channels} channels"
        raise RecordingError(
            f"{path}: has {has}, and channel {channel} was asked for: choose another channel, or mix"
        )


def _metered(
    pieces: Iterable[tuple[int, npt.NDArray[np.float32]]], meter: SilenceMeter
) -> Iterator[tuple[int, npt.NDArray[np.float32]]]:
    for piece_rate, piece in pieces:
        meter.feed(piece_rate, piece)
        yield piece_rate, piece
