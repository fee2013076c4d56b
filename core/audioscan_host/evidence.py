"""The windows of one recording, as a detector is given them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from audioscan_host.silence import FREE, HALF


@dataclass(frozen=True, eq=False)
class Evidence:
    """The windows of one recording.

    Attributes:
        vectors: (windows, dim), as the model gave them.
        silence: (windows,) share of each window that is digital silence, 0 to 1.
        hop: seconds of audio that each window stands for.
    """

    vectors: npt.NDArray[np.floating[Any]]
    silence: npt.NDArray[np.float64]
    hop: float

    @classmethod
    def without_silence(cls, vectors: npt.NDArray[np.floating[Any]], hop: float) -> Self:
        """Windows none of which holds digital silence."""
        return cls(vectors, np.zeros(len(vectors)), hop)

    @cached_property
    def audible(self) -> npt.NDArray[np.bool_]:
        """(windows,) which ones are evidence: less than half of them is digital silence."""
        audible: npt.NDArray[np.bool_] = self.silence < HALF
        return audible

    @cached_property
    def clean(self) -> npt.NDArray[np.bool_]:
        """(windows,) which ones count for statistics: those without digital silence."""
        clean: npt.NDArray[np.bool_] = self.silence < FREE
        return clean
