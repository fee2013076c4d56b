"""At which rate a recording is played, and its samples at that rate."""

import math

import numpy as np
import numpy.typing as npt

from audioscan_host.audio.random_access import RecordingReader

HIGHEST = 48_000
"""Hz; what is above is not heard, and not every browser plays it."""

LOWEST = 8_000
"""Hz; below 3,000 browsers refuse to play."""

MOST_BYTES = 2**32 - 2**20
"""Of a WAV: its sizes are 32-bit numbers."""

_MARGIN = 0.05
"""Seconds around a part that a resampler is given: several times the length of its filter."""


def playing_rate(sample_rate: int, duration: float) -> int:
    """Hz: the recording's own where a browser can play it and a WAV can hold it."""
    rate = min(sample_rate, HIGHEST)
    while rate < LOWEST:
        rate *= 2
    while 2 * rate * duration > MOST_BYTES:
        rate //= 2
    return rate


def played(reader: RecordingReader, rate: int, first: int, after: int) -> npt.NDArray[np.float32]:
    """The samples from `first` up to `after` at the playing rate: (after - first,) float32.

    Parts that follow each other fit together: each is cut from a longer one.
    """
    own = reader.info.sample_rate
    if own == rate:
        return reader.read(first, after)
    import soxr

    common = math.gcd(own, rate)
    step, own_step = rate // common, own // common  # both begin at the same time after so many samples
    margin = math.ceil(_MARGIN * rate)
    begin, end = (first - margin) // step, -((after + margin) // -step)
    longer = soxr.resample(reader.read(begin * own_step, end * own_step), own, rate, quality="HQ")
    part = np.zeros(after - first, np.float32)
    found = longer[first - begin * step :][: after - first]
    part[: len(found)] = found
    return part
