"""Which passes of 3 s a window is read by, and what its time steps are made of."""

from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audioscan_birdnet.network import PASS, Array, BirdNET
from audioscan_host import Windows

STEP = 48_000
"""Samples: a time step is a second."""

KEPT = 1024
"""Passes that are remembered beyond their block: 4 kB each."""


def pass_offsets(length: int) -> list[int]:
    """Where passes begin in a window of `length` samples: one after the other, the last ends with the window.

    They depend on the length alone, so that a window's numbers do not change with its neighbours. They are
    whole seconds where the length is, so that windows that begin a second apart, or a part of it, share them.
    """
    last = max(length - PASS, 0)
    return [*range(0, last, PASS), last]


def time_steps(passes: Array, length: int) -> Array:
    """Each second of a window is the mean of the passes that hear all of it, so that all of them weigh the same.

    Args:
        passes: (passes, width), one for each of the window's `pass_offsets`.
        length: samples in the window.

    Returns:
        (seconds, width): the whole seconds; the last pass hears what is left over. One, if there is none.
    """
    offsets = np.array(pass_offsets(length))
    seconds = range(0, max(length // STEP, 1) * STEP, STEP)
    hearing = [(offsets <= second) & (second + STEP <= offsets + PASS) for second in seconds]
    return np.stack([passes[of].mean(axis=0) for of in hearing])


@dataclass(frozen=True)
class WindowsOfPasses:
    """Some windows of a block, which share its passes.

    Attributes:
        waveform: (samples,) float32 at 48 kHz, the block's.
        starts: (windows,) samples.
        length: samples in a window.
        passes: first sample of a pass -> its embedding; of the whole block, filled when they are asked for.
    """

    waveform: Array
    starts: npt.NDArray[np.int64]
    length: int
    passes: dict[int, Array]

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, part: slice) -> "WindowsOfPasses":
        return replace(self, starts=self.starts[part])


class BirdNETEncoder:
    """The network, and what it made of the latest passes."""

    def __init__(self, path: Path) -> None:
        self._network = BirdNET(path)
        self._kept: dict[bytes, Array] = {}

    def cut(self, waveform: Array, windows: Windows) -> WindowsOfPasses:
        """The windows of a block; no pass is made yet."""
        return WindowsOfPasses(np.ascontiguousarray(waveform), windows.starts, windows.length, {})

    def time_steps(self, batch: WindowsOfPasses) -> Array:
        """(windows, seconds, width) float32; passes are made one at a time, which is as quick as many at once."""
        offsets = pass_offsets(batch.length)
        windows = [[self._pass(batch, int(start) + offset) for offset in offsets] for start in batch.starts]
        return np.stack([time_steps(np.stack(passes), batch.length) for passes in windows])

    def _pass(self, batch: WindowsOfPasses, start: int) -> Array:
        if start not in batch.passes:
            heard = batch.waveform[start : start + min(batch.length, PASS)]
            batch.passes[start] = self._embedding(heard)
        return batch.passes[start]

    def _embedding(self, samples: Array) -> Array:
        """Remembered by content, since the next block begins with what this one ends with."""
        key = sha256(samples.data).digest()
        if key not in self._kept:
            if len(self._kept) == KEPT:
                del self._kept[next(iter(self._kept))]  # the oldest
            self._kept[key] = self._network.embedding(samples)
        return self._kept[key]
