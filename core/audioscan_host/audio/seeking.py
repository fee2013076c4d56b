"""Going to a second of a recording without decoding what lies before it."""

import itertools
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path

import av
from av import AudioStream, Packet

from audioscan_host.audio.anchor import Anchor, find_anchor
from audioscan_host.audio.frame_walk import FrameWalk
from audioscan_host.audio.joined import is_joined
from audioscan_host.audio.opening import WITHOUT_TIMESTAMPS, OpenRecording, opened

WARM_UP = 1.0
"""Seconds of frames that are decoded ahead of what is wanted: what codecs remember of frames before has faded by
then. MP3 at 8 kbit/s reaches back half a second; Opus is said to need 80 ms."""

_EARLIER = (0.0, 3.0, 12.0)
"""Seconds that are tried on top of it, where a search ended behind what is wanted."""

_WALKED = frozenset({"aac", "mp3"})
"""Demuxers of frames that lie one after the other with no index."""

_MAY_BE_JOINED = frozenset({"flac", "ogg"})

_EXACT = frozenset(
    {
        ("flac", "flac"),
        ("mov", "alac"),
        ("mov", "flac"),
        ("mp3", "mp3"),
        ("ogg", "flac"),
        ("ogg", "opus"),
        ("ogg", "vorbis"),
    }
)
"""Container and codec where a part is, to the bit, what the whole has there. Not AAC, AC-3 and WMA: they fill bands with
noise from a generator that runs through the whole recording. Not Matroska and ASF: their clocks count milliseconds."""


_PRIMED = 0.1
"""Seconds that are decoded and dropped behind a seek; encoders put less than that before what they are given."""

_MOST_PRIMED = 256
"""Packets that this may take."""

_LOOKED_AT = 1000
"""Packets of an MP4 whose timestamps are compared."""


@dataclass(frozen=True)
class Landing:
    """Where reading goes on.

    Attributes:
        sample: at which the next frame begins.
        settled: the sample before which a decoder may fail for lack of frames before it.
        counted: whether timestamps are of no use from here on.
        packet: that was read already; None where the next one is still to be read.
    """

    sample: int = 0
    settled: int = 0
    counted: bool = False
    packet: "Packet[AudioStream] | None" = None


BEGINNING = Landing()
"""Nothing was sought."""


class Seeking:
    """Finds places in one recording, by what it has learned of the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._walk: FrameWalk | None = None

    def is_exact(self, recording: OpenRecording, end: float | None) -> bool:
        """Whether what `go_to` finds is, to the bit, what decoding from the beginning has up to `end`, in seconds."""
        container, codec = recording.container.format.name, recording.info.codec
        if container in _WALKED and (end is None or end > (recording.info.duration or 0.0) - 1):
            return False  # what encoders put behind the end is left out only by who counts from the beginning
        if container in WITHOUT_TIMESTAMPS:
            return codec.startswith("pcm_")
        even = not container.startswith("mov") or _is_even(recording)
        return (container.split(",")[0], codec) in _EXACT and even

    def go_to(self, recording: OpenRecording, second: float) -> Landing | None:
        """Go ahead of `second`; None where that cannot be, and the recording is at no place that is known.

        Raises:
            RecordingError: as `probe`.
        """
        container = recording.container.format.name
        try:
            if container in WITHOUT_TIMESTAMPS and recording.info.codec.startswith("pcm_"):
                return _to_sample(recording, second)
            if second < WARM_UP + 1 or (container in _MAY_BE_JOINED and self._joined):
                return None
            if container in _WALKED:
                return self._to_frame(recording, second)
            return None if container in WITHOUT_TIMESTAMPS else self._to_time(recording, second)
        except av.FFmpegError:
            return None

    def seconds(self, recording: OpenRecording) -> float | None:
        """How long a recording is; counted, where its container only estimates that."""
        stated = recording.info.duration
        if recording.container.format.name not in _WALKED:
            return stated
        anchor = self._anchor
        if anchor is None or (stated and self._has_length(anchor)):
            return stated
        walk = self._walked(recording, anchor)
        if stated and walk.is_constant(self._path.stat().st_size - 2**12):
            return stated
        return (anchor.sample + walk.count() * anchor.samples) / recording.info.sample_rate

    def _has_length(self, anchor: Anchor) -> bool:
        """Whether an MP3 begins with a frame that says how many follow."""
        with self._path.open("rb") as file:
            head = file.read(anchor.byte)
        return any(word in head for word in (b"Xing", b"Info", b"VBRI"))

    def _walked(self, recording: OpenRecording, anchor: Anchor) -> FrameWalk:
        if self._walk is None:
            self._walk = FrameWalk(self._path, anchor.byte, recording.container.format.name)
        return self._walk

    def _to_frame(self, recording: OpenRecording, second: float) -> Landing | None:
        anchor = self._anchor
        if anchor is None:
            return None
        wanted = round(second * recording.info.sample_rate)
        warm = round((second - WARM_UP) * recording.info.sample_rate)
        frame = max((warm - anchor.sample) // anchor.samples, 1) - 1
        place = self._walked(recording, anchor).byte_of(frame)
        if place is None:
            return None
        recording.container.seek(place, unsupported_byte_offset=True)
        first = next(iter(recording.container.demux(recording.track)))
        if first.pos != place:
            return None
        packet, read = _primed(recording, first)
        sample = anchor.sample + (frame + read) * anchor.samples
        return None if packet is None else Landing(sample, wanted, counted=True, packet=packet)

    def _to_time(self, recording: OpenRecording, second: float) -> Landing | None:
        track, rate, begin = recording.track, recording.info.sample_rate, recording.begin
        tick = track.time_base
        if tick is None or begin is None:
            return None
        for earlier in _EARLIER:
            goal = round((begin + second - WARM_UP - earlier) / tick)
            if goal <= (track.start_time or 0):
                return None
            recording.container.seek(goal, stream=track)
            packet, _ = _primed(recording)
            if packet is None or packet.pts is None:
                continue
            sample = self._sample_at(recording, float(packet.pts * tick))
            if rate < sample <= round(second * rate):
                return Landing(sample, round(second * rate), packet=packet)
        return None

    def _sample_at(self, recording: OpenRecording, time: float) -> int:
        """The first sample of the packet with a timestamp: to the sample, although the clock may be coarse."""
        rate, tick = recording.info.sample_rate, float(recording.track.time_base or 0)
        by_clock = round((time - (recording.begin or 0.0)) * rate)
        if tick * rate <= 1 or (anchor := self._anchor) is None:
            return by_clock
        packets = round((time - anchor.time) * rate / anchor.samples)
        by_count = anchor.sample + packets * anchor.samples
        return by_count if abs(by_count - by_clock) <= 2 * tick * rate else by_clock

    @cached_property
    def _joined(self) -> bool:
        with opened(self._path) as recording:
            return is_joined(self._path, recording.container.format.name)

    @cached_property
    def _anchor(self) -> Anchor | None:
        return find_anchor(self._path)


def _primed(
    recording: OpenRecording, first: "Packet[AudioStream] | None" = None
) -> "tuple[Packet[AudioStream] | None, int]":
    """The first packet behind a seek that is where it says, and how many were read before it; those are decoded and dropped.

    A decoder leaves out the beginning of what it is given first, where encoders put silence. The packets of
    the first page of an Ogg have wrong timestamps where it begins with the rest of another packet.
    """
    first_page, pages, seconds = None, recording.container.format.name == "ogg", 0.0
    ahead = () if first is None else (first,)
    packets = itertools.chain(ahead, recording.container.demux(recording.track))
    for read, packet in enumerate(itertools.islice(packets, _MOST_PRIMED)):
        first_page = packet.pos if first_page is None else first_page
        if seconds >= _PRIMED and packet.pts is not None and not (pages and packet.pos == first_page):
            return packet, read
        with suppress(av.FFmpegError):
            seconds += sum(frame.samples / frame.sample_rate for frame in packet.decode())
    return None, 0


def _is_even(recording: OpenRecording) -> bool:
    """Whether the packets of an MP4 follow each other without a hole or an overlap, as far as some of them tell."""
    entries = recording.track.index_entries
    if len(entries) < 2:
        return False
    begin, each = entries[0].timestamp, entries[1].timestamp - entries[0].timestamp
    places = range(0, len(entries), max(1, len(entries) // _LOOKED_AT))
    return all(entries[place].timestamp == begin + place * each for place in places)


def _to_sample(recording: OpenRecording, second: float) -> Landing | None:
    """Of plain samples, which are where the header says."""
    rate = recording.info.sample_rate
    sample = round(second * rate)
    length = (recording.info.duration or 0.0) * rate
    if not sample or sample >= length or recording.track.time_base != Fraction(1, rate):
        return None  # decoding from the beginning says how much there is
    recording.container.seek(sample, stream=recording.track)
    return Landing(sample, sample)
