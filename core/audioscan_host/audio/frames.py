"""The frames of an open recording, each at its time: silence where some are missing."""

import itertools
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av import AudioFrame, AudioStream, Packet
from av.container import InputContainer

from audioscan_host.audio.mixing import Batch, Waveform
from audioscan_host.audio.timeline import FORESIGHT, Timeline
from audioscan_host.errors import RecordingError
from audioscan_host.notes import About, Note, Tell, log

LONGEST_RECORDING = 31 * 86400.0
"""Seconds; longer is refused, declared or not."""

SAMPLE_RATES = (1000, 768_000)
"""Hz, lowest and highest that are read."""

MOST_CHANNELS = 64

WITHOUT_CLOCK = frozenset({"aac", "ac3", "dts", "dtshd", "eac3", "loas", "mlp", "mp3", "truehd"})
"""Demuxers that count frames instead of reading timestamps: damage shortens the time that they tell."""

MOST_UPCOMING = 256
"""Frames that are looked ahead at most: in a damaged file a frame may be one sample."""

UNREADABLE_PACKETS = 100
"""Failures in a row to read a packet, after which the rest of a file is given up."""


def pieces(
    path: Path,
    container: InputContainer,
    track: AudioStream,
    begin: float | None,
    duration: float | None,
    *,
    mix: bool = True,
    tell: Tell = log,
) -> Iterator[tuple[int, Waveform]]:
    """The track from its beginning to its end, without gaps.

    Args:
        path: the recording, for messages.
        container: open, at its beginning.
        track: the one to read.
        begin: the timestamp in seconds that is second 0; None takes that of the first frame.
        duration: seconds that the container states; None where it does not.
        mix: whether the channels become one.
        tell: is told of damage.

    Yields:
        sample rate in Hz, which may change, and about a second of (samples,) float32: the plain
        mean of all channels. Where they are not mixed, (samples, channels), whose number may change too.

    Raises:
        RecordingError: nothing can be decoded, or what is decoded is out of bounds.
    """
    timeline = Timeline(path, begin, duration, tell)
    batch = Batch(path, track.codec_context.name, mix=mix)
    for time, frame, upcoming in _with_upcoming(_frames(path, container, track, tell)):
        rate = frame.sample_rate
        check_bounds(path, rate, frame.layout.nb_channels, timeline.position)
        silence, drop = timeline.place(time, frame.samples, rate, upcoming)
        if silence or not batch.takes(frame):
            yield from batch.mixed()
        for done in range(0, silence, rate):
            samples = min(rate, silence - done)
            yield rate, np.zeros(samples if mix else (samples, frame.layout.nb_channels), np.float32)
        batch.append(frame, drop, timeline.position)
    yield from batch.mixed()
    if duration and container.format.name not in WITHOUT_CLOCK:
        missing = duration - timeline.position
        if missing > max(1.0, duration / 100):
            message = f"{path}: the audio ends {missing:.1f} s before the file says that it does"
            tell(Note(About.DAMAGE, message, path))


def check_bounds(path: Path, sample_rate: int, channels: int, seconds: float | None) -> None:
    """Raise `RecordingError` for what no recording has, before anything is computed from it."""
    lowest, highest = SAMPLE_RATES
    if not lowest <= sample_rate <= highest:
        found, expected = f"a sample rate of {sample_rate} Hz", f"{lowest} to {highest} Hz"
    elif not 1 <= channels <= MOST_CHANNELS:
        found, expected = f"{channels} channels", f"1 to {MOST_CHANNELS}"
    elif seconds is not None and seconds > LONGEST_RECORDING:
        found, expected = (
            f"a length of {seconds / 86400:.1f} days",
            f"up to {LONGEST_RECORDING / 86400:.0f} days",
        )
    else:
        return
    raise RecordingError(f"{path}: has {found}, but {expected} can be read; convert it, or copy it again")


def _frames(
    path: Path, container: InputContainer, track: AudioStream, tell: Tell
) -> Iterator[tuple[float | None, AudioFrame]]:
    """Timestamp in seconds and frame of all that can be decoded; damaged packets are left out."""
    counts_frames = container.format.name in WITHOUT_CLOCK
    tick = float(track.time_base or 0)
    told_bytes, told_seconds, untold = 0, 0.0, 0.0
    damaged, decoded = 0, False
    for packet in _packets(path, container, track, tell):
        seconds = (packet.duration or 0) * tick
        try:
            frames = packet.decode()
        except av.FFmpegError:  # decoders report damage by many codes, not only InvalidDataError
            damaged += 1
            # A parser hands over all that lies between two good frames as one packet, and counts
            # one frame for it: its bytes tell how long it was. A tag in between is not audio.
            if counts_frames and told_seconds and b"ID3" not in bytes(packet):
                untold += packet.size * told_seconds / told_bytes - seconds
            continue
        told_bytes += packet.size
        told_seconds += seconds
        for frame in frames:
            decoded = True
            yield (None if frame.time is None else frame.time + untold), frame
    if not decoded:
        found = f"none of its {damaged} packets can be decoded" if damaged else "holds no audio samples"
        raise RecordingError(f"{path}: {found}; copy or record it again")
    if damaged:
        message = f"{path}: damaged packets, which are silence now: {damaged}"
        tell(Note(About.DAMAGE, message, path))


def _with_upcoming(
    frames: Iterator[tuple[float | None, AudioFrame]],
) -> Iterator[tuple[float | None, AudioFrame, Iterator[float]]]:
    """Each frame with the timestamps of those behind it, as far as `FORESIGHT` reaches."""
    held: deque[tuple[float | None, AudioFrame]] = deque()
    seconds = 0.0
    for new in itertools.chain(frames, itertools.repeat(None)):
        if new is not None:
            held.append(new)
            seconds += new[1].samples / max(new[1].sample_rate, 1)
        while held and (new is None or seconds > FORESIGHT or len(held) > MOST_UPCOMING):
            time, frame = held.popleft()
            seconds -= frame.samples / max(frame.sample_rate, 1)
            yield time, frame, (later for later, _ in held if later is not None)
        if new is None:
            return


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
    # Demuxers report damage as an input/output error too, but half a recording from a failing
    # disk must not pass for a whole one.
    try:
        with path.open("rb") as file:
            while file.read(2**24):
                pass
    except OSError as error:
        raise RecordingError(f"{path}: reading stopped ({error.strerror}); check its disk") from error
