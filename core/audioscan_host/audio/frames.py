"""The frames of an open recording, each at its time: silence where some are missing."""

import itertools
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av import AudioFrame, AudioStream, Packet
from av.container import InputContainer

from audioscan_host.audio.bounds import check_bounds
from audioscan_host.audio.levels import Levels
from audioscan_host.audio.mixing import Batch, Waveform, kind_of
from audioscan_host.audio.opening import WITHOUT_TIMESTAMPS, OpenRecording
from audioscan_host.audio.seeking import BEGINNING, Landing
from audioscan_host.audio.tags import Tags
from audioscan_host.audio.timeline import FORESIGHT, Timeline
from audioscan_host.channels import EACH, MIX
from audioscan_host.errors import RecordingError
from audioscan_host.notes import About, Note, Tell, log
from audioscan_host.remote_path import RemotePath

WITHOUT_CLOCK = frozenset({"aac", "ac3", "dts", "dtshd", "eac3", "loas", "mlp", "mp3", "truehd"})
"""Demuxers that count frames instead of reading timestamps: damage shortens the time that they tell."""

JOINED_BY_PARTS = frozenset({"flac", "ogg"})
"""Demuxers of files that may be joined by writing one after the other: each part begins at the same timestamp."""

LEAST_BYTES = 25
"""A second, in the whole of a file: below any codec's, even of digital silence. What is stated of holes
beyond that is a damaged header."""

MOST_UPCOMING = 256
"""Frames that are looked ahead at most: in a damaged file a frame may be one sample."""

UNREADABLE_PACKETS = 100
"""Failures in a row to read a packet, after which the rest of a file is given up."""

_Timed = tuple[float | None, AudioFrame, float]
"""Timestamp in seconds, frame, and how many seconds that lasts."""


@dataclass
class Damage:
    """Packets so far that could not be decoded.

    Attributes:
        packets: number of them.
    """

    packets: int = 0

    def report(self, path: Path, tell: Tell) -> None:
        """Tell of them, once."""
        if self.packets:
            message = f"{path}: damaged packets, which are silence now: {self.packets}"
            tell(Note(About.DAMAGE, message, path))
        self.packets = 0


def pieces(
    recording: OpenRecording,
    *,
    landing: Landing = BEGINNING,
    channel: str = MIX,
    levels: Levels | None = None,
    damage: "Damage | None" = None,
    tell: Tell = log,
) -> Iterator[tuple[int, Waveform]]:
    """The track from its beginning to its end, without gaps.

    Args:
        recording: open.
        landing: where it is, if not at its beginning.
        channel: `mix`, the plain mean of all, a number from 1, or `each`.
        levels: are fed all channels.
        damage: is counted there; for who stops before the end, since it is told there.
        tell: is told of damage.

    Yields:
        sample rate in Hz, which may change, and about a second of (samples,) float32; of every channel (samples,
        channels), whose number may change too.

    Raises:
        RecordingError: nothing can be decoded, or what is decoded is out of bounds.
    """
    path = recording.path
    timeline = Timeline(
        path,
        0.0 if landing.counted else recording.begin,
        _longest_believed(recording),
        tell,
        restarts=recording.container.format.name in JOINED_BY_PARTS,
    )
    timeline.skip(landing.sample, recording.info.sample_rate)
    batch = Batch(path, recording.track.codec_context.name, channel, levels)
    held: deque[_Timed] = deque()
    upcoming = _Upcoming(held)
    for time, frame, _ in _ahead(_frames(recording, landing, damage or Damage(), tell), held):
        kind = kind_of(frame)
        rate, _, channels = kind
        goes_on = batch.takes(kind)  # in the second that was looked at already
        if not goes_on:
            check_bounds(path, rate, channels, timeline.position)
        samples = frame.samples
        silence, drop = timeline.place(time, samples, rate, upcoming)
        if silence or not goes_on:
            yield from batch.mixed()
        for done in range(0, silence, rate):
            lasting = min(rate, silence - done)
            yield rate, np.zeros((lasting, channels) if channel == EACH else lasting, np.float32)
        batch.append(frame, samples, drop, timeline.position)
    yield from batch.mixed()
    if recording.stated and recording.container.format.name not in WITHOUT_CLOCK:
        missing = recording.stated - timeline.position
        if missing > max(1.0, recording.stated / 100):
            message = f"{path}: the audio ends {missing:.1f} s before the file says that it does"
            tell(Note(About.DAMAGE, message, path))


def _longest_believed(recording: OpenRecording) -> float | None:
    """Seconds that the container states, as far as a file of its size can hold them."""
    if recording.info.duration is None:
        return None
    return min(recording.info.duration, recording.path.stat().st_size / LEAST_BYTES)


def _frames(recording: OpenRecording, landing: Landing, damage: Damage, tell: Tell) -> Iterator[_Timed]:
    """Timestamp in seconds and frame of all that can be decoded; damaged packets are left out."""
    path, container, track = recording.path, recording.container, recording.track
    counts_frames = container.format.name in WITHOUT_CLOCK
    without_timestamps = landing.counted or container.format.name in WITHOUT_TIMESTAMPS
    tick = float(track.time_base or 0)
    told_bytes, told_seconds, untold = 0, 0.0, 0.0
    settles = landing.settled / recording.info.sample_rate
    decoded, tags = landing.sample / recording.info.sample_rate, Tags()
    ahead = () if landing.packet is None else (landing.packet,)
    for packet in itertools.chain(ahead, _packets(path, container, track, tell)):
        stated = (packet.duration or 0) * tick
        if counts_frames and tags.hold(packet):
            untold -= stated
            continue
        try:
            frames = packet.decode()
        except av.FFmpegError:  # decoders report damage by many codes, not only InvalidDataError
            if decoded < settles:
                continue
            damage.packets += 1
            # A parser hands over all that lies between two good frames as one packet, and counts
            # one frame for it: its bytes tell how long it was.
            lost = packet.size * told_seconds / told_bytes if told_seconds else min(stated, 1.0)
            if without_timestamps:
                untold += lost
            elif counts_frames and told_seconds:
                untold += lost - stated
            continue
        seconds = 0.0
        for frame in frames:
            time = decoded if without_timestamps else frame.time
            length = frame.samples / (frame.sample_rate or 1)
            yield (None if time is None else time + untold), frame, length
            seconds += length
            decoded += length
        told_bytes += packet.size
        told_seconds += seconds if without_timestamps else stated
    if not decoded:
        found = (
            f"none of its {damage.packets} packets can be decoded"
            if damage.packets
            else "holds no audio samples"
        )
        raise RecordingError(f"{path}: {found}; copy or record it again")
    damage.report(path, tell)


def _ahead(frames: Iterator[_Timed], held: deque[_Timed]) -> Iterator[_Timed]:
    """Each frame when those behind it are `held`, as far as `FORESIGHT` reaches."""
    seconds = 0.0
    for new in frames:
        held.append(new)
        seconds += new[2]
        while held and (seconds > FORESIGHT or len(held) > MOST_UPCOMING):
            timed = held.popleft()
            seconds -= timed[2]
            yield timed
    while held:
        yield held.popleft()


class _Upcoming:
    """The timestamps of the frames that are held, gone through only where a clock is in doubt."""

    def __init__(self, held: deque[_Timed]) -> None:
        self._held = held

    def __iter__(self) -> Iterator[float]:
        return (later for later, _, _ in self._held if later is not None)


def _packets(
    path: Path, container: InputContainer, track: AudioStream, tell: Tell
) -> "Iterator[Packet[AudioStream]]":
    failures, disk_checked = 0, False
    while failures < UNREADABLE_PACKETS:
        try:
            for packet in container.demux(track):
                failures = 0
                yield packet
            return
        except IndexError:  # how PyAV ends a file in which further tracks have turned up
            return
        except av.FFmpegError as error:  # reading goes on behind what could not be understood
            failures += 1
            if isinstance(error, OSError) and not disk_checked:
                _check_disk(path)
                disk_checked = True
    message = f"{path}: is damaged; what comes after the damage cannot be read"
    tell(Note(About.DAMAGE, message, path))


def _check_disk(path: Path) -> None:
    if isinstance(path, RemotePath):
        return  # its requests tell by themselves what becomes of them
    # Demuxers report damage as an input/output error too, but half a recording from a failing
    # disk must not pass for a whole one.
    try:
        with path.open("rb") as file:
            while file.read(2**24):
                pass
    except OSError as error:
        raise RecordingError(f"{path}: reading stopped ({error.strerror}); check its disk") from error
