"""Running sums over the hops of a recording, of which windows of any length are differences."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from audioscan_host.embedding.grains import Vectors, Weights

Places = npt.NDArray[np.int64]
Sums = npt.NDArray[np.float64]

NUMBERS = 1 << 16
"""That are read and summed at one go: 256 KB, and twice that in float64, which a core's own cache holds."""


@dataclass(frozen=True)
class Piece:
    """Some hops of a recording.

    Attributes:
        vectors: (grains, dim) of all that are in them.
        weights: (grains,).
        hops: (hops + 1,) the first grain of each, and where the last one ends.
    """

    vectors: Vectors
    weights: Weights
    hops: Places

    @cached_property
    def in_hop(self) -> int:
        """Grains in each hop; 0 where they differ."""
        each = len(self.vectors) // (len(self.hops) - 1)
        return each if (np.diff(self.hops) == each).all() else 0

    @cached_property
    def shares(self) -> Weights:
        """(hops, grains), the weight of each grain in the hop that it is in."""
        grains = np.arange(len(self.weights))
        inside = (grains >= self.hops[:-1, None]) & (grains < self.hops[1:, None])
        return np.where(inside, self.weights, 0.0)

    def wide(self, column: slice, sums: Sums) -> Sums:
        """Columns as float64, where their sums come to be if those are of one grain each."""
        wide = sums if self.in_hop == 1 else np.empty((len(self.vectors), sums.shape[1]))
        wide[:] = self.vectors[:, column]
        return wide

    def add(self, wide: Sums, running: Sums) -> None:
        """Go on with running sums by the hops; the first row has those before, and of the others `wide` may be made."""
        sums, each = running[1:], self.in_hop
        if each == 0:
            np.matmul(self.shares, wide, out=sums)
        elif each > 1:
            np.matmul(self.weights.reshape(-1, 1, each), wide.reshape(len(sums), each, -1), out=sums[:, None])
        elif (self.weights != 1).any():
            sums *= self.weights[:, None]
        for before, row in pairwise(running):
            np.add(row, before, out=row)


class RunningSums:
    """Running sums over hops: of means, and of the squares that their deviations are made of.

    Both have arrays of their own: numpy takes a third of the time for what lies together. What is subtracted from all rows, or
    compared with them, is as large as they are for the same reason.

    Args:
        mean: columns of the means.
        deviation: columns of their deviations; None where there are none.
        hops: that are summed at one go.
        grains: of which a piece has so many at the most.
    """

    def __init__(self, mean: slice, deviation: slice | None, *, hops: int, grains: int) -> None:
        self._columns = [mean] if deviation is None else [mean, deviation]
        self._sums = [np.empty((hops + 1, mean.stop - mean.start)) for _ in self._columns]
        for sums in self._sums:
            sums[0] = 0.0
        self._centre, self._zeros = np.zeros((2, grains, mean.stop - mean.start if deviation else 0))

    def begin(self, grain: Vectors) -> None:
        """Sum anew, around a grain: no constant part, however large, drowns what differs."""
        self._centre[:] = grain[self._columns[0]][: self._centre.shape[1]]

    def add(self, piece: Piece, at: int) -> None:
        """Go on with the hops of a piece, the first of which is at that place."""
        running = [sums[at : at + len(piece.hops)] for sums in self._sums]
        wide = [piece.wide(*each) for each in zip(self._columns, (sums[1:] for sums in running), strict=True)]
        if len(wide) > 1:
            mean, squares = wide
            mean -= self._centre[: len(mean)]
            np.square(squares, out=squares)
            squares += np.square(mean)
        for each, sums in zip(wide, running, strict=True):
            piece.add(each, sums)

    def pool(self, found: Vectors, length: int, shares: Weights) -> None:
        """Windows of so many hops, of which the first begins where the sums do.

        Args:
            found: (windows, dim).
            length: hops of a window.
            shares: of a grain of usual weight in each window, (windows, 1); in all of them where they are the same.
        """
        at_once = max(1, min(NUMBERS // (2 * self._sums[0].shape[1]), len(self._centre)))
        for begin in range(0, len(found), at_once):
            part = slice(begin, min(begin + at_once, len(found)))
            pooled = [sums[length:][part] - sums[part] for sums in self._sums]
            for each in pooled:
                np.multiply(each, shares if shares.size == 1 else shares[part], out=each)
            if len(pooled) > 1:
                mean, variance = pooled
                variance -= np.square(mean)
                np.maximum(variance, self._zeros[: len(variance)], out=variance)
                np.sqrt(variance, out=variance)
                mean += self._centre[: len(mean)]
            for place, each in zip(self._columns, pooled, strict=True):
                found[part, place] = each
