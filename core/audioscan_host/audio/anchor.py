"""A packet near the beginning of a recording, by which all others are placed where they are alike."""

import itertools
from dataclasses import dataclass
from pathlib import Path

import av

from audioscan_host.audio.opening import opened

_READ = 12
"""Packets; the first ones differ, since encoders put silence there that decoders leave out."""


@dataclass(frozen=True)
class Anchor:
    """Where one packet lies, and what all have in common.

    Attributes:
        byte: at which it begins in the file.
        time: its timestamp in seconds.
        sample: at which it begins in the recording.
        samples: of every packet.
    """

    byte: int
    time: float
    sample: int
    samples: int


def find_anchor(path: Path) -> Anchor | None:
    """None where packets are not alike, or damaged, or few.

    Raises:
        RecordingError: as `probe`.
    """
    begins: list[tuple[int, float, int]] = []
    sample = 0
    with opened(path) as recording:
        tick = float(recording.track.time_base or 0)
        for packet in itertools.islice(recording.container.demux(recording.track), _READ):
            if packet.pos is None or packet.pts is None:
                return None
            begins.append((packet.pos, packet.pts * tick, sample))
            try:
                sample += sum(frame.samples for frame in packet.decode())
            except av.FFmpegError:
                return None
    if len(begins) < _READ:
        return None
    samples = {after[2] - before[2] for before, after in itertools.pairwise(begins[_READ // 2 :])}
    byte, time, sample = begins[_READ // 2]
    return Anchor(byte, time, sample, samples.pop()) if len(samples) == 1 and 0 not in samples else None
