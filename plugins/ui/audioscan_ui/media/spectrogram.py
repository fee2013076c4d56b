"""Samples -> how loud each frequency is in each column of a picture, as bytes."""

import math

import numpy as np
import numpy.typing as npt

ROWS = 128

FLOOR = -110.0
"""Decibels below a sine of full scale that are byte 0."""

RANGE = 90.0
"""Decibels from byte 0 to byte 255."""

SHORTEST, LONGEST = 512, 4096
"""Samples of a frame; powers of two."""


def frame_length(sample_rate: int, top: float) -> int:
    """Samples of a frame whose frequency bins are no wider than a row, as far as frames may be that long."""
    wanted = 1 << math.ceil(math.log2(max(sample_rate * ROWS / top, 1)))
    return min(max(wanted, SHORTEST), LONGEST)


def columns(
    samples: npt.NDArray[np.float32], sample_rate: int, top: float, count: int
) -> npt.NDArray[np.uint8]:
    """Each column is the mean power of Hann-windowed frames, half a frame apart, over its time.

    Args:
        samples: (n,), half a frame before the first column to half a frame behind the last one.
        sample_rate: Hz.
        top: frequency of the upper edge of row 0, Hz.
        count: of columns, which have equal lengths.

    Returns:
        (ROWS, count) uint8, the highest frequencies in row 0.
    """
    length = frame_length(sample_rate, top)
    each = (len(samples) - length) / count
    frames = max(1, math.ceil(each / (length / 2)))
    begins = np.rint((np.arange(count * frames) + 0.5) * (each / frames)).astype(np.int64)
    window = np.hanning(length + 1)[:-1].astype(np.float32)
    power = np.empty((count, length // 2 + 1), np.float32)
    at_once = max(1, 2**20 // (length * frames))  # columns; bounds what is held
    views = np.lib.stride_tricks.sliding_window_view(samples, length)
    for begin in range(0, count, at_once):
        end = min(begin + at_once, count)
        spectra = np.fft.rfft(views[begins[begin * frames : end * frames]] * window)
        squared = (spectra.real**2 + spectra.imag**2).reshape(end - begin, frames, -1)
        power[begin:end] = squared.mean(axis=1)
    power /= np.float32((window.sum() / 2) ** 2)
    rows = power @ _bins_to_rows(sample_rate, length, top)
    decibels = 10 * np.log10(np.maximum(rows, 1e-20))
    scaled = np.clip((decibels - FLOOR) * (255 / RANGE), 0, 255)
    return np.ascontiguousarray(np.rint(scaled).astype(np.uint8).T[::-1])


def _bins_to_rows(sample_rate: int, length: int, top: float) -> npt.NDArray[np.float32]:
    """(bins, ROWS): the share that each bin has in each row; a row is the mean over its band."""
    bins = length // 2 + 1
    edges = (
        np.linspace(0, top, ROWS + 1) * length / sample_rate
    )  # in bins; bin k reaches from k - 0.5 to k + 0.5
    low, high = edges[:-1], edges[1:]
    left = np.arange(bins)[:, np.newaxis] - 0.5
    shares = np.clip(np.minimum(left + 1, high) - np.maximum(left, low), 0, None) / (high - low)
    weights: npt.NDArray[np.float32] = shares.astype(np.float32)
    return weights
