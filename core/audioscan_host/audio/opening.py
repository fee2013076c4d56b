"""Opening a media file: its audio track, where that begins, and what the container declares."""

import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import av
from av import AudioStream
from av.container import InputContainer
from av.stream import Discard, Disposition

from audioscan_host.audio.bounds import check_bounds
from audioscan_host.audio.corrected_file import CorrectedFile
from audioscan_host.audio.stated_samples import Samples
from audioscan_host.audio.wave_header import header_of, read_header
from audioscan_host.errors import RecordingError
from audioscan_host.remote_path import RemotePath

CONTAINERS = (
    "3g2,3gp,aac,ac3,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,dsf,dts,dtshd,dv,eac3,flac,flv,gxf,iff,"
    "ircam,loas,m4a,matroska,mj2,mlp,mmf,mov,mp3,mp4,mpc,mpc8,mpeg,mpegts,mxf,nistsphere,nut,ogg,oma,"
    "paf,pvf,qcp,rm,rso,shn,sox,tak,truehd,tta,voc,vqf,w64,wav,webm,wsd,wtv,wv,xwma"
)
"""FFmpeg's demuxers that may be used: none that opens other files (ffconcat, HLS, DASH, image2)."""


WITHOUT_TIMESTAMPS = frozenset({"aiff", "au", "caf", "w64", "wav"})
"""Demuxers that work timestamps out from what the header says of a packet: no hole can be in such a file, and a
damaged header must not make one."""

LEAST_PACKET, LARGEST_PACKET = 2**15, 2**18
"""Bytes of a packet of plain samples: what a packet costs is paid once a second, and opening stays quick."""

ENDS_BY_THE_CLOCK = frozenset({"matroska,webm", "nut", "ogg"})
"""Demuxers whose duration is the last timestamp, even where the first one is late."""


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

    Args:
        path: the recording.

    Raises:
        RecordingError: the file cannot be read, has no audio track, or declares what cannot be.
    """
    with opened(path) as recording:
        return recording.info


@dataclass(frozen=True)
class OpenRecording:
    """A recording at its beginning.

    Attributes:
        path: the file.
        container: as FFmpeg reads it.
        track: the one to be read; all others are left out.
        info: what the container declares.
        begin: the timestamp in seconds that is second 0; None where that of the first frame is.
        stated: seconds that the audio has by its header, which may be more than there is.
        untold: seconds by the header of a WAV, W64 or CAF whose samples go on behind them, which are read too; None
            of any other.
    """

    path: Path
    container: InputContainer
    track: AudioStream
    info: AudioInfo
    begin: float | None
    stated: float | None
    untold: float | None


@contextmanager
def opened(path: Path, *, large_packets: bool = True) -> Iterator[OpenRecording]:
    """Open a recording.

    Args:
        path: the recording.
        large_packets: whether packets of a WAV may be a second long, which cost less; else they are FFmpeg's own.

    Raises:
        RecordingError: the file cannot be read, has no audio track, or declares what cannot be.
    """
    with ExitStack() as closing:
        file: IO[bytes] | None = None
        if isinstance(path, RemotePath):
            closing.enter_context(_told(path))
            file = closing.enter_context(path.open("rb"))
            _check_size(path, file.seek(0, os.SEEK_END))
        else:
            _check_file(path)
        samples = read_header(path) if file is None else header_of(path, file)
        packets = _packets_of(samples) if large_packets else {}
        container = closing.enter_context(_container(path, file, samples, packets, closing))
        track = _audio_track(path, container)
        begin = 0.0 if container.format.name in WITHOUT_TIMESTAMPS else _begin(container, track)
        duration = _duration(container, begin)
        info = AudioInfo(
            container=container.format.name,
            codec=track.codec_context.codec.canonical_name,
            sample_rate=track.sample_rate,
            channels=track.channels,
            duration=duration,
        )
        for other in container.streams:
            if other.index != track.index:
                other.discard = Discard.all
        check_bounds(path, info.sample_rate, info.channels, duration)
        goes_on = samples is not None and samples.rest > 0
        by_header = None if samples is None or goes_on else samples.seconds
        untold = samples.seconds if samples is not None and goes_on else None
        stated = max((each for each in (duration, by_header) if each is not None), default=None)
        yield OpenRecording(path, container, track, info, begin, stated, untold)


def _container(
    path: Path, file: IO[bytes] | None, samples: Samples | None, packets: dict[str, str], closing: ExitStack
) -> InputContainer:
    try:
        # Of a path FFmpeg opens the file itself, and never as another protocol, whatever the name.
        source: str | IO[bytes] | CorrectedFile = file or f"file:{path.absolute()}"
        if samples is not None and samples.rest:
            source = CorrectedFile(file or closing.enter_context(path.open("rb")), *samples.correction)
        if file is not None:
            file.seek(0)
        return av.open(
            source,
            "r",
            options={"format_whitelist": CONTAINERS, "protocol_whitelist": "file", **packets},
            metadata_errors="replace",
        )
    except OSError as error:
        if file is not None:
            raise  # told by who opened it
        raise RecordingError(
            f"{path}: cannot be opened ({error.strerror}); check its permissions and its disk"
        ) from error
    except av.FFmpegError as error:
        raise RecordingError(f"{path}: {_unreadable(path)}") from error


def _packets_of(samples: Samples | None) -> dict[str, str]:
    """FFmpeg's options for a WAV of plain samples: packets of a second, whose own size is a fifteenth of one or less.

    FFmpeg looks into the first packets whether the samples are packed DTS or AC-3: as many bytes as of its own packets.
    """
    if samples is None or not samples.plain:
        return {}
    size = min(max(round(samples.bytes_per_second), LEAST_PACKET), LARGEST_PACKET)
    return {"max_size": str(size), "max_probe_packets": "3"}


def _duration(container: InputContainer, begin: float | None) -> float | None:
    stated = (container.duration or 0) / av.time_base  # none or below 0 in damaged headers
    if container.format.name in ENDS_BY_THE_CLOCK:
        stated -= max(begin or 0.0, 0.0)
    return stated if stated > 0 else None


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
    _check_size(path, status.st_size)


def _check_size(path: Path, size: int) -> None:
    if not size:
        raise RecordingError(f"{path}: is empty (0 bytes); copy or record it again")


@contextmanager
def _told(path: RemotePath) -> Iterator[None]:
    """What goes wrong on the way to a URL, at any time, as an error of the recording: half of it must not pass for a whole one."""
    try:
        yield
    except FileNotFoundError as error:
        raise RecordingError(f"{path}: there is no such file; check the URL") from error
    except OSError as error:
        if isinstance(error, av.FFmpegError) or error.filename != str(path):
            raise
        raise RecordingError(
            f"{path}: cannot be read ({error.strerror}); check the URL, the network and your credentials"
        ) from error


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
