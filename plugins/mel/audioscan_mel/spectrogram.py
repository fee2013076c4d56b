"""The arithmetic of MEL: a log-mel spectrogram for a whole block, and deltas for each window.

The parameters are those of VGGish (Hershey et al., "CNN Architectures for Large-Scale Audio
Classification", ICASSP 2017, arXiv:1609.09430; `vggish_params.py` in tensorflow/models): 16 kHz,
25 ms periodic Hann window, 10 ms hop, magnitude of a 512-point FFT, 64 HTK-mel bands from 125 to
7500 Hz, log(mel + 0.01). One thing differs: VGGish draws its triangles on the mel axis, here they
are straight in Hz, as in `librosa.filters.mel(htk=True, norm=None)`.

A frame's numbers must not depend on which frames are computed with it, to the last bit: a
window is then the same in every block, batch and cache. So no matrix products here, whose
order of summation changes with the number of rows.
"""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

SAMPLE_RATE = 16000
FRAME = 400  # samples, 25 ms
HOP = 160  # samples, 10 ms
FFT = 512  # samples; a frame is zero-padded to it
BANDS = 64
LOWEST, HIGHEST = 125.0, 7500.0  # Hz
LOG_OFFSET = 0.01

FRAMES_AT_ONCE = 1024
"""Frames that are transformed together: enough to amortise the calls, few enough for the CPU's cache."""


def mel_filter_bank() -> Array:
    """Triangles of height 1 whose corners are evenly spaced in mel, m = 2595 log10(1 + f / 700).

    Returns:
        (FFT // 2 + 1, BANDS) float32: the weight of each FFT bin in each band.
    """
    lowest, highest = 2595 * np.log10(1 + np.array([LOWEST, HIGHEST]) / 700)
    corners = 700 * (10 ** (np.linspace(lowest, highest, BANDS + 2) / 2595) - 1)
    lower, centre, upper = corners[:-2], corners[1:-1], corners[2:]
    frequency = np.fft.rfftfreq(FFT, 1 / SAMPLE_RATE)[:, None]
    rising = (frequency - lower) / (centre - lower)
    falling = (upper - frequency) / (upper - centre)
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


class MelEncoder:
    """What turns a waveform into log-mel time steps; holds the analysis window and the filter bank."""

    def __init__(self) -> None:
        self._hann = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)).astype(np.float32)
        # A bin lies in two neighbouring bands at most: the rest of the bank is zeros.
        self._bins = [
            (index, slice(bands[0], bands[-1] + 1), weights[bands, None])
            for index, weights in enumerate(mel_filter_bank())
            if len(bands := np.flatnonzero(weights))
        ]

    def log_mel(self, waveform: Array) -> Array:
        """Log-mel spectrogram of the frames that lie wholly inside the waveform.

        Args:
            waveform: (samples,) float32 at 16 kHz, at least one frame of 400 samples.

        Returns:
            (frames, BANDS) float32, natural logarithm; frame i begins at sample 160 i.
        """
        frames = np.lib.stride_tricks.sliding_window_view(waveform, FRAME)[::HOP]
        log_mel = np.empty((len(frames), BANDS), np.float32)
        for begin in range(0, len(frames), FRAMES_AT_ONCE):
            part = slice(begin, begin + FRAMES_AT_ONCE)
            spectrum = np.fft.rfft(frames[part] * self._hann, FFT)
            log_mel[part] = self._log_bands(_magnitude(spectrum)).T
        return log_mel

    def _log_bands(self, magnitude: Array) -> Array:
        """Logarithm of the band sums: (bins, frames) -> (BANDS, frames)."""
        bands = np.full((BANDS, magnitude.shape[1]), LOG_OFFSET, np.float32)
        for index, neighbours, weights in self._bins:
            bands[neighbours] += weights * magnitude[index]
        return np.log(bands, out=bands)

    def cut(self, log_mel: Array, starts: npt.NDArray[np.int64], length: int) -> "WindowsOfFrames":
        """The frames of each window.

        Args:
            log_mel: (frames, BANDS), of the waveform that the windows lie in.
            starts: (windows,) samples, multiples of 160.
            length: samples in a window, at least 400.

        Raises:
            ValueError: a window starts between two frames.
        """
        if np.any(starts % HOP):
            raise ValueError(f"window starts must be multiples of {HOP} samples (10 ms at 16 kHz)")
        return WindowsOfFrames(log_mel, starts // HOP, (length - FRAME) // HOP + 1)

    def with_deltas(self, log_mel: Array) -> Array:
        """Put the slope of each band over 5 frames beside it.

        d[t] = sum_n n (c[t+n] - c[t-n]) / (2 sum_n n^2) for n = 1, 2, the first and last frame of
        the window repeated beyond its edges (The HTK Book, section "Delta, Acceleration and
        Third Differential Coefficients").

        Args:
            log_mel: (batch, time, BANDS) float32.

        Returns:
            (batch, time, 2 * BANDS) float32: log-mel, then deltas.
        """
        steps = np.empty((*log_mel.shape[:2], 2 * BANDS), np.float32)
        # Window by window, because the sums then stay in the CPU's cache.
        for window, step in zip(log_mel, steps, strict=True):
            first, last = window[:1], window[-1:]
            extended = np.concatenate([first, first, window, last, last])
            slope = extended[4:] - extended[:-4]
            slope *= 2
            slope += extended[3:-1] - extended[1:-3]
            slope *= 0.1
            step[:, :BANDS] = window
            step[:, BANDS:] = slope
        return steps


class WindowsOfFrames:
    """The windows of a block as views of its one spectrogram; only a slice of them is ever copied."""

    def __init__(self, log_mel: Array, starts: npt.NDArray[np.int64], time: int) -> None:
        by_start = np.lib.stride_tricks.sliding_window_view(log_mel, time, axis=0)
        self._by_start = by_start.swapaxes(1, 2)
        self._starts = starts

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, part: slice) -> Array:
        """Log-mel frames of some of the windows: (batch, time, BANDS) float32."""
        return self._by_start[self._starts[part]]


def _magnitude(spectrum: npt.NDArray[np.complexfloating]) -> Array:
    """Magnitude, with frames along the last axis: (frames, bins) -> (bins, frames) float32.

    Squares and a root take a fraction of the time of `np.abs`, whose care for overflow
    samples between -1 and 1 do not need.
    """
    power = np.ascontiguousarray(spectrum.real.T, np.float32)
    power *= power
    imaginary = np.ascontiguousarray(spectrum.imag.T, np.float32)
    imaginary *= imaginary
    power += imaginary
    return np.sqrt(power, out=power)
