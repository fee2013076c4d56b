"""What a recording sounds like where the sound is not: microphone, gain, wind, rain. Taken off, the sounds remain.

The sound itself is no part of it, so that a recording full of the sound and one that lacks it are read alike.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from audioscan_host.classifier.statistics import LEAST_SHARE, SHRINK_SECONDS, Statistics, parts
from audioscan_host.evidence import Evidence


@dataclass(frozen=True, eq=False)
class Background:
    """Sums over the background windows of a recording, or of what was heard of a stream so far.

    Attributes:
        seconds: of audio that these windows stand for.
        sums: (dim,) of their standardised vectors, each counted by its seconds.
        squares: (dim,) of the squares.
    """

    seconds: float
    sums: npt.NDArray[np.float64]
    squares: npt.NDArray[np.float64]

    @classmethod
    def of(cls, recording: Evidence, chosen: npt.NDArray[np.bool_], statistics: Statistics) -> Self:
        """Of the chosen windows; (windows,)."""
        sums, squares = np.zeros_like(statistics.mean), np.zeros_like(statistics.mean)
        for rows in parts(len(chosen)):
            standardised = statistics.standardised(recording.vectors[rows][chosen[rows]])
            sums += standardised.sum(axis=0, dtype=np.float64)
            squares += np.einsum("ij,ij->j", standardised, standardised, dtype=np.float64)
        hop = recording.hop
        return cls(hop * np.count_nonzero(chosen), hop * sums, hop * squares)

    def __add__(self, other: Self) -> Self:
        """Of both together: parts of one recording."""
        return type(self)(self.seconds + other.seconds, self.sums + other.sums, self.squares + other.squares)

    @property
    def mean(self) -> npt.NDArray[np.float64]:
        """(dim,) shrunk towards that of all that was learnt from, as if a minute of that were heard too."""
        return self.sums / (self.seconds + SHRINK_SECONDS)

    def removed(
        self, standardised: npt.NDArray[np.float32], statistics: Statistics
    ) -> npt.NDArray[np.float32]:
        """Windows relative to the background: (windows, dim).

        Its mean is taken off and its deviation divided by. Both are shrunk towards those of all that was
        learnt from, as if a minute of that were heard too: little background says little.
        """
        trust = self.seconds + SHRINK_SECONDS
        mean = self.mean
        about = self.squares - 2 * mean * self.sums + self.seconds * mean**2
        variance = (np.maximum(about, 0) + SHRINK_SECONDS * statistics.within) / trust
        variance = np.maximum(variance, LEAST_SHARE**2 * variance.mean())
        relative = standardised - mean.astype(np.float32)
        relative /= np.sqrt(variance).astype(np.float32)
        return relative
