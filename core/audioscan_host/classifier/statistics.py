"""What the windows that are learned from have in common: each dimension's mean and deviation."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from audioscan_host.evidence import Evidence

LEAST_SHARE = 0.3
"""Of the root mean square of all deviations: a dimension that hardly varies must not be blown up to the size of the others."""

SHRINK_SECONDS = 60.0
"""Seconds of audio that count as much as what is known beforehand. See docs/detector.md for what others do."""

FARTHEST = 1e6
"""Deviations from the mean; a window farther off is held there, so that no sum or square of it is too large for float32."""

_ROWS_IN_CACHE = 512  # windows that are worked on at once: their doubles stay in the CPU's cache

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Statistics:
    """Of all windows of the recordings that are learned from, whether they are labelled or not.

    Attributes:
        mean: (dim,)
        deviation: (dim,) standard deviation, at least 0.3 of the root mean square of all of them.
    """

    mean: Vector
    deviation: Vector

    @classmethod
    def of(cls, recordings: Iterable[Evidence]) -> Self:
        """Of one recording or more, part by part: their vectors are in memory once, as they are.

        Windows with digital silence in them do not count, unless there are no others.
        """
        running = RunningStatistics()
        for each in recordings:
            running.add(each)
        return cls(*running.statistics().arrays)

    @property
    def arrays(self) -> tuple[Vector, Vector]:
        """All of it, in order."""
        return self.mean, self.deviation

    def standardised(self, vectors: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float32]:
        """(windows, dim): in each dimension mean 0 and standard deviation 1, over all that was learned from."""
        standardised = np.empty(vectors.shape, np.float32)
        for rows in parts(len(vectors)):  # in double precision, of which a day-long recording needs no copy
            centred = vectors[rows] - self.mean
            centred /= self.deviation
            standardised[rows] = np.clip(centred, -FARTHEST, FARTHEST, out=centred)
        return standardised


def one_length(standardised: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Scale each window to the length dim^0.25: (windows, dim).

    Of that length one regularisation fits embeddings of 96 and of 3072 dimensions, and no window is so
    far from all others that a classifier would be surer of it than of any that it has learned from.
    """
    scaled: npt.NDArray[np.float32] = standardised * scale_to_one_length(standardised)
    return scaled


def scale_to_one_length(standardised: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """What each window is multiplied by for that: (windows, 1)."""
    lengths = np.linalg.norm(standardised, axis=1, keepdims=True)
    scale: npt.NDArray[np.float32] = (standardised.shape[1] ** 0.25 / np.maximum(lengths, 1e-6)).astype(
        np.float32
    )
    return scale


def parts(rows: int) -> Iterator[slice]:
    """Slices of so many rows that fit the CPU's cache."""
    return (slice(first, first + _ROWS_IN_CACHE) for first in range(0, rows, _ROWS_IN_CACHE))


class RunningStatistics:
    """Statistics of recordings that are given one after the other, none of which need stay in memory."""

    def __init__(self) -> None:
        self._clean: _Sums | None = None
        self._audible: _Sums | None = None  # of recordings without a clean window

    def add(self, recording: Evidence) -> None:
        """Take one more recording, all of its windows at once."""
        if recording.clean.any():
            sums = _Sums.of(recording, recording.clean)
            self._clean = sums if self._clean is None else self._clean + sums
        else:
            sums = _Sums.of(recording, recording.audible)
            self._audible = sums if self._audible is None else self._audible + sums

    def statistics(self) -> Statistics:
        """Of all that was given, as `Statistics.of` has them.

        Raises:
            ValueError: nothing was given.
        """
        sums = self._clean or self._audible
        if sums is None:
            raise ValueError("there are no statistics of no recordings")
        deviation = np.sqrt(sums.squares / max(1, sums.windows))
        return Statistics(sums.mean, np.maximum(deviation, LEAST_SHARE * _root_mean_square(deviation)))


@dataclass(frozen=True, eq=False)
class _Sums:
    """Of some windows: how many, their mean, and the squared distances from it."""

    windows: int
    mean: Vector
    squares: Vector

    @classmethod
    def of(cls, recording: Evidence, chosen: npt.NDArray[np.bool_]) -> Self:
        windows = int(np.count_nonzero(chosen))
        mean = np.zeros(recording.vectors.shape[1])
        for vectors in _parts(recording, chosen):
            mean += vectors.sum(axis=0, dtype=np.float64)
        mean /= max(1, windows)
        squares = np.zeros_like(mean)
        for vectors in _parts(recording, chosen):
            centred = vectors - mean
            squares += np.einsum("ij,ij->j", centred, centred)
        return cls(windows, mean, squares)

    def __add__(self, other: Self) -> Self:
        """Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979."""
        windows = self.windows + other.windows
        share = other.windows / max(1, windows)
        apart = other.mean - self.mean
        squares = self.squares + other.squares + self.windows * share * apart**2
        return type(self)(windows, self.mean + share * apart, squares)


def _parts(recording: Evidence, chosen: npt.NDArray[np.bool_]) -> Iterator[npt.NDArray[np.floating[Any]]]:
    return (recording.vectors[rows][chosen[rows]] for rows in parts(len(chosen)))


def _root_mean_square(values: Vector) -> float:
    # Where nothing varies at all, everything is at the mean: any deviation will do.
    return float(np.sqrt(np.mean(values**2))) or 1.0
