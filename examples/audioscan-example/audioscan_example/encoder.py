"""The arithmetic of WAVELETS; imported by `load`, since PyWavelets and numpy take their time."""

import numpy as np
import numpy.typing as npt
import pywt

from audioscan_host import Windows

Array = npt.NDArray[np.float32]

FRAME = 1024  # samples: 64 ms at 16 kHz
HOP = 160  # samples: 10 ms, the grid of window starts
WAVELET = "db8"
DEPTH = 5  # halvings: 2**5 bands of 250 Hz
FLOOR = 1e-10  # mean square of a band; what rounding to 16 bits leaves in silence is about this

FRAMES_AT_ONCE = 512
"""A tree of packets takes six times the memory of the frames that it is made of."""


class WaveletEncoder:
    """Turns audio into the levels of frequency bands, a time step every 10 ms."""

    def __init__(self) -> None:
        self._taper = np.hanning(FRAME + 1)[:-1].astype(np.float32)

    def inputs(self, waveform: Array, windows: Windows) -> "WindowsOfFrames":
        """The windows of a block; frames that they share are transformed once.

        Args:
            waveform: (samples,) at 16 kHz.
            windows: whose starts are multiples of `HOP` samples.
        """
        frames = np.lib.stride_tricks.sliding_window_view(waveform, FRAME)[::HOP]
        parts = [frames[begin : begin + FRAMES_AT_ONCE] for begin in range(0, len(frames), FRAMES_AT_ONCE)]
        power = np.concatenate([self.band_power(part) for part in parts])
        return WindowsOfFrames(power, windows.starts // HOP, (windows.length - FRAME) // HOP + 1)

    def band_power(self, frames: Array) -> Array:
        """(frames, FRAME) samples -> (frames, 32) mean squares of the bands, from low to high."""
        packets = pywt.WaveletPacket(frames * self._taper, WAVELET, "periodization", maxlevel=DEPTH, axis=-1)
        bands = packets.get_level(DEPTH, order="freq")
        return np.stack([(band.data**2).mean(axis=-1) for band in bands], axis=-1)

    def levels(self, power: Array) -> Array:
        """Mean squares -> dB."""
        return 10 * np.log10(np.maximum(power, FLOOR))


class WindowsOfFrames:
    """One input a window: (time, 32), cut from the block's frames when it is asked for."""

    def __init__(self, power: Array, first: npt.NDArray[np.int64], time: int) -> None:
        self._power = power
        self._first = first
        self._time = time

    def __len__(self) -> int:
        return len(self._first)

    def __getitem__(self, part: slice) -> Array:
        """(batch, time, 32) of some of the windows."""
        return np.stack([self._power[first : first + self._time] for first in self._first[part]])
