"""Packets of a recording copied into a clip, as they are: nothing is decoded, nothing is lost."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import IO, TypeAlias

import av
from av import AudioStream, Packet, VideoStream
from av.container import InputContainer, OutputContainer
from av.stream import Discard, Disposition

from audioscan_host.audio.opening import opened
from audioscan_host.cutting.span import Span
from audioscan_host.errors import RecordingError

MUXERS: Mapping[str, str] = MappingProxyType(
    {
        ".3gp": "3gp", ".aac": "adts", ".ac3": "ac3", ".aif": "aiff", ".aiff": "aiff", ".au": "au", ".avi": "avi",
        ".caf": "caf", ".eac3": "eac3", ".flv": "flv", ".m4a": "ipod", ".m4v": "mp4",
        ".mka": "matroska", ".mkv": "matroska", ".mov": "mov", ".mp3": "mp3", ".mp4": "mp4", ".oga": "oga",
        ".ogg": "ogg", ".opus": "opus", ".ts": "mpegts", ".w64": "w64", ".wav": "wav", ".webm": "webm", ".wma": "asf",
        ".wmv": "asf",
    }
)  # fmt: skip
"""FFmpeg's muxers by the suffix of a recording that can be cut; what has another goes into Matroska, which takes
nearly all. In a FLAC or WavPack file each packet has its number in the whole, and the header the whole's length."""

_SOUND_ALONE = frozenset({".ape", ".flac", ".mp2", ".mpc", ".tta", ".wv"})

_INTERLEAVED = 2.0
"""Seconds that the packets of one track may lie behind those of another in a file."""

_FARTHEST_KEY = 30.0
"""Seconds before a clip from where its key frame is looked for, where it was not found at once."""

_Track = AudioStream | VideoStream
_Packet: TypeAlias = "Packet[AudioStream] | Packet[VideoStream]"  # PyAV's is generic for type checkers alone


def suffix_of_copy(recording: Path) -> str:
    """What a copied clip of the recording ends with."""
    suffix = recording.suffix.lower()
    if suffix in MUXERS:
        return suffix
    return ".mka" if suffix in _SOUND_ALONE else ".mkv"


class NothingThereError(RecordingError):
    """The recording is over before the place begins."""


def copy_packets(path: Path, span: Span, file: IO[bytes]) -> tuple[float, float]:
    """Copy the audio track that is decoded, and the film where there is one.

    The clip begins with the packet that holds the span's start; with a film, with its last key frame up to there.

    Args:
        path: the recording.
        span: from where to where.
        file: the clip, open for writing at its beginning.

    Returns:
        From where to where the clip goes, seconds in the recording.

    Raises:
        RecordingError: as `probe`; or its container cannot hold what is in it.
        NothingThereError: the recording is over before.
    """
    try:
        with opened(path, large_packets=False) as recording:
            source, track = recording.container, recording.track
            film = _film(source)
            if film is not None:
                film.discard = Discard.default  # who decodes leaves films out
            zero = recording.begin or 0.0
            for begin in (span.start, span.start - _FARTHEST_KEY, 0.0):
                kept = _packets(_timed(source, [film or track, track], zero, begin), film, span)
                if kept and kept[0][0] <= span.start:
                    break  # some containers are searched by time alone, and then there was a key frame before
            end = max((time + _seconds(packet) for time, packet in kept), default=0.0)
            if end <= span.place:
                raise NothingThereError(f"{path}: is over before {span.place:g} s")
            with av.open(file, "w", format=MUXERS[suffix_of_copy(path)]) as target:
                _mux(target, [each for each in (film, track) if each], kept)
    except (av.FFmpegError, ValueError) as error:
        raise RecordingError(f"{path}: cannot be copied as it is ({error}): write WAV or FLAC") from error
    return min(time for time, _ in kept), end


def _film(source: InputContainer) -> VideoStream | None:
    films = (film for film in source.streams.video if not film.disposition & Disposition.attached_pic)
    return next(films, None)


def _packets(
    packets: "Iterable[tuple[float, _Packet]]", film: VideoStream | None, span: Span
) -> "list[tuple[float, _Packet]]":
    """What goes into the clip, in the file's order, each with its time in seconds from the recording's beginning."""
    kept: list[tuple[float, _Packet]] = []
    begin: float | None = None
    for time, packet in packets:
        if time > span.end + _INTERLEAVED:
            break
        of_film = film is not None and packet.stream.index == film.index
        if of_film and packet.is_keyframe and (begin is None or time <= span.start):
            # A film's packets lie in the order in which they are decoded: what needs this one follows it.
            kept = [each for each in kept if each[0] >= time and each[1].stream.index != packet.stream.index]
            begin = time
        elif film is None and begin is None and time + _seconds(packet) > span.start:
            begin = time
        if time < span.end and (begin is not None or (film and not of_film)):
            kept.append((time, packet))
    return [] if begin is None else [each for each in kept if each[0] >= begin]


def _timed(
    source: InputContainer, tracks: list[_Track], zero: float, start: float
) -> "Iterator[tuple[float, _Packet]]":
    wanted = {track.index for track in tracks}
    for other in source.streams:
        if other.index not in wanted:
            other.discard = Discard.all
    with suppress(av.FFmpegError):  # what cannot be searched is read from where it is
        source.seek(round((zero + max(start, 0.0)) * av.time_base))
    for packet in source.demux(*{track.index: track for track in tracks}.values()):
        stamp = packet.dts if packet.pts is None else packet.pts
        if packet.size and stamp is not None and packet.time_base is not None:
            yield float(stamp * packet.time_base) - zero, packet  # type: ignore[misc]


def _seconds(packet: "_Packet") -> float:
    return float((packet.duration or 0) * (packet.time_base or 0))


def _mux(target: OutputContainer, tracks: list[_Track], kept: "list[tuple[float, _Packet]]") -> None:
    copies = {track.index: target.add_stream_from_template(track) for track in tracks}
    _, first = min(kept, key=lambda each: each[0])
    begin = float((first.dts if first.pts is None else first.pts) * first.time_base)  # type: ignore[operator]
    for _, packet in kept:
        shift = round(begin / float(packet.time_base))
        packet.pts = None if packet.pts is None else packet.pts - shift
        packet.dts = None if packet.dts is None else packet.dts - shift
        packet.stream = copies[packet.stream.index]
        target.mux(packet)
