"""Media file -> mono float32 chunks at a wanted rate, decoded and resampled as a stream.

Second 0 is where a video player begins: at the start of the audio track, or of a video track that
starts earlier. What is missing or damaged is silence, and what follows keeps its time.
"""

import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import soxr
from av import AudioStream
from av.container import InputContainer
from av.stream import Discard, Disposition

from audioscan_host.audio.frames import check_bounds, mono_pieces
from audioscan_host.audio.parts import part_of, require_part
from audioscan_host.errors import RecordingError
from audioscan_host.notes import Tell, log
from audioscan_host.silence import SilenceMeter

CONTAINERS = (
    "3g2,3gp,aac,ac3,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,dsf,dts,dtshd,dv,eac3,flac,flv,gxf,iff,"
    "ircam,loas,m4a,matroska,mj2,mlp,mmf,mov,mp3,mp4,mpc,mpc8,mpeg,mpegts,mxf,nistsphere,nut,ogg,oma,"
    "paf,pvf,qcp,rm,rso,shn,sox,tak,truehd,tta,voc,vqf,w64,wav,webm,wsd,wtv,wv,xwma"
)
"""FFmpeg's demuxers that may be used: none that opens other files (ffconcat, HLS, DASH, image2)."""


@dataclass(frozen=True)
class AudioInfo:
    """What a recording's container declares of the audio track that is read.

    Attributes:
        container: FFmpeg's name of the demuxer, such as `wav` or `matroska,webm`.
        codec: FFmpeg's name of the codec, such as `aac`.
        sample_rate: Hz.
        channels: number of them.
        duration: seconds, to the end of the longest track; None where the container does not
            state it. For MP3, AAC and the like without an index it is an estimate.
    """

    container: str
    codec: str
    sample_rate: int
    channels: int
    duration: float | None


def probe(path: Path) -> AudioInfo:
    """What the container declares; nothing of the audio is decoded for it.

    Raises:
        RecordingError: the file cannot be read, has no audio track, or declares what cannot be.
    """
    with _opened(path) as (_, _, info):
        return info


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
    with _opened(path) as (container, track, info):
        if on_open is not None:
            on_open(info)
        for other in container.streams:
            if other.index != track.index:
                other.discard = Discard.all
        pieces = mono_pieces(path, container, track, _begin(container, track), info.duration, tell=tell)
        metered = pieces if meter is None else _metered(pieces, meter)
        rate = sample_rate or info.sample_rate
        yield from part_of(_resampled(metered, rate), rate, start, end)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, AudioStream, AudioInfo]]:
    _check_file(path)
    try:
        container = av.open(
            f"file:{path.absolute()}",  # never read as another protocol, whatever the name
            options={"format_whitelist": CONTAINERS, "protocol_whitelist": "file"},
            metadata_errors="replace",
        )
    except OSError as error:
        raise RecordingError(
            f"{path}: cannot be opened ({error.strerror}); check its permissions and its disk"
        ) from error
    except av.FFmpegError as error:
        raise RecordingError(f"{path}: {_unreadable(path)}") from error
    with container:
        track = _audio_track(path, container)
        stated = container.duration or 0  # none or below 0 in damaged headers
        duration = stated / av.time_base if stated > 0 else None
        info = AudioInfo(
            container=container.format.name,
            codec=track.codec_context.codec.canonical_name,
            sample_rate=track.sample_rate,
            channels=track.channels,
            duration=duration,
        )
        check_bounds(path, info.sample_rate, info.channels, duration)
        yield container, track, info


def _check_file(path: Path) -> None:
    try:
        status = path.stat()
    except FileNotFoundError as error:
        raise RecordingError(f"{path}: there is no such file; check the path") from error
    except OSError as error:
        raise RecordingError(f"{path}: cannot be opened ({error.strerror}); check the path") from error
    if stat.S_ISDIR(status.st_mode):
        raise RecordingError(f"{path}: is a folder, not a recording; name a file in it")
    if not stat.S_ISREG(status.st_mode):
        raise RecordingError(f"{path}: is a device or a pipe; save the recording as a file first")
    if not status.st_size:
        raise RecordingError(f"{path}: is empty (0 bytes); copy or record it again")


def _unreadable(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(12)
    if head[4:8] == b"ftyp":
        return "is an MP4 or M4A without its index (moov), cut short or never finished; copy it again"
    return "is not an audio or video file, or is damaged or cut short; convert it to WAV or copy it again"


def _audio_track(path: Path, container: InputContainer) -> AudioStream:
    tracks = container.streams.audio
    if not tracks:
        found = ", ".join(sorted({stream.type for stream in container.streams})) or "no track at all"
        raise RecordingError(f"{path}: has no audio track (found: {found}); name a recording with sound")
    track = next((track for track in tracks if track.disposition & Disposition.default), tracks[0])
    if track.codec_context is None:
        raise RecordingError(f"{path}: its audio codec cannot be decoded; convert it to WAV or FLAC")
    return track


def _begin(container: InputContainer, track: AudioStream) -> float | None:
    films = [film for film in container.streams.video if not film.disposition & Disposition.attached_pic]
    starts = [
        float(stream.start_time * stream.time_base)
        for stream in (track, *films)
        if stream.start_time is not None and stream.time_base is not None
    ]
    return min(starts, default=None)


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
