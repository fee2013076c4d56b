"""What is a recording's own: microphone, gain, background. Taken out of its embeddings, the sounds remain."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

LEAST_WINDOWS_TO_NORMALISE = 30
"""Windows that a recording needs to have statistics of its own."""

_LEAST_STD = 1e-6
_ROWS_IN_CACHE = 512  # windows that are worked on at once: their doubles stay in the CPU's cache


@dataclass(frozen=True, eq=False)
class Statistics:
    """Mean and standard deviation of each dimension over the windows of one recording.

    Attributes:
        mean: (dim,)
        std: (dim,), at least 1e-6: a dimension that hardly changes stays near 0.
    """

    mean: npt.NDArray[np.float64]
    std: npt.NDArray[np.float64]

    @classmethod
    def of(cls, embeddings: npt.NDArray[np.floating[Any]]) -> Self:
        """Of (windows, dim) embeddings, part by part: a day's are in memory once as it is."""
        mean = embeddings.mean(axis=0, dtype=np.float64)
        squares = np.zeros_like(mean)
        for rows in parts(len(embeddings)):
            centred = embeddings[rows] - mean
            squares += np.einsum("ij,ij->j", centred, centred)
        return cls(mean, np.maximum(np.sqrt(squares / len(embeddings)), _LEAST_STD))

    def applied(self, embeddings: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float64]:
        """Give each dimension mean 0 and standard deviation 1: (windows, dim)."""
        centred: npt.NDArray[np.float64] = embeddings - self.mean
        centred /= self.std
        return centred


def normalise(embeddings: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float32]:
    """Give every dimension mean 0 and standard deviation 1 over the windows of one recording.

    Args:
        embeddings: (windows, dim), all windows of the recording.

    Returns:
        (windows, dim) float32.
    """
    normalised = np.empty(embeddings.shape, np.float32)
    if len(embeddings):
        statistics = Statistics.of(embeddings)
        for rows in parts(len(embeddings)):
            normalised[rows] = statistics.applied(embeddings[rows])
    return normalised


def parts(rows: int) -> Iterator[slice]:
    """Slices of so many rows that fit the CPU's cache."""
    return (slice(first, first + _ROWS_IN_CACHE) for first in range(0, rows, _ROWS_IN_CACHE))
