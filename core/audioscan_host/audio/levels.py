"""How loud the channels of a recording are, and what their mean keeps of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

CANCELLED = 0.01
"""A mix with a smaller share of its channels' mean energy is told. Sixty-four channels of sounds that have nothing in
common still keep a sixty-fourth."""

_EVERY = 7  # a sample in seven tells the energy as well; no sound repeats itself so through a whole recording


class Levels:
    """Adds up energy, without any offset, over the pieces of a recording."""

    def __init__(self) -> None:
        self._channels: dict[int, float] = {}
        self._mix = 0.0

    def feed(
        self, channels: Sequence[npt.NDArray[Any]], full_scale: float, mix: npt.NDArray[np.float32]
    ) -> None:
        """Take the next piece: its channels as they are written, (samples,) each, and their mean at full scale 1."""
        for number, channel in enumerate(channels):
            self._channels[number] = self._channels.get(number, 0.0) + _energy(channel) / full_scale**2
        self._mix += _energy(mix)

    @property
    def loudest(self) -> int:
        """The channel with most energy, from 1; the first of several."""
        return 1 + max(self._channels, key=lambda number: (self._channels[number], -number), default=0)

    @property
    def kept(self) -> float:
        """The share of the channels' mean energy that is in their mean; 1 where there is none at all."""
        mean = sum(self._channels.values()) / max(len(self._channels), 1)
        return self._mix / mean if mean > 0 else 1.0


def _energy(samples: npt.NDArray[Any]) -> float:
    some = samples[::_EVERY].astype(np.float64)
    some -= some.mean()
    return float(some @ some)
