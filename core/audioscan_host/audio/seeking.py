"""Going to a second of an open recording, without decoding what lies before it."""

from fractions import Fraction

import av

from audioscan_host.audio.opening import WITHOUT_TIMESTAMPS, OpenRecording

WARM_UP = 0.5
"""Seconds of frames that are decoded ahead of what is wanted: what codecs remember of the frames before has faded
by then."""


def seek(recording: OpenRecording, second: float) -> int:
    """Go ahead to a second of plain samples, where that is exact; gives the sample that comes next."""
    codec, tick = recording.info.codec, recording.track.time_base
    sample = round(second * recording.info.sample_rate)
    exact = recording.container.format.name in WITHOUT_TIMESTAMPS and codec.startswith("pcm_")
    if not (exact and sample and tick == Fraction(1, recording.info.sample_rate)):
        return 0
    length = (recording.info.duration or 0.0) * recording.info.sample_rate
    if sample >= length:  # decoding from the beginning says how much there is
        return 0
    recording.container.seek(sample, stream=recording.track)
    return sample


def seek_near(recording: OpenRecording, second: float) -> int | None:
    """Go to a frame ahead of `second`, by the timestamps of the container.

    Returns:
        The sample at which that frame begins, by its timestamp; None where the container cannot say, and the
        recording is at no place that is known.
    """
    track, rate = recording.track, recording.info.sample_rate
    tick, begin = track.time_base, recording.begin
    if tick is None or begin is None:
        return None
    for early in (WARM_UP, 4 * WARM_UP, 16 * WARM_UP):
        goal = max(round((begin + second - early) / tick), track.start_time or 0)
        try:
            recording.container.seek(goal, stream=track)
            packet = next((each for each in recording.container.demux(track) if each.pts is not None), None)
            if packet is None or packet.pts is None:
                continue
            sample = round((float(packet.pts * tick) - begin) * rate)
            if 0 <= sample <= round(second * rate):
                recording.container.seek(goal, stream=track)
                return sample
        except av.FFmpegError:
            return None
    return None
