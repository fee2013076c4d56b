"""Windows of any length, made of grains in one pass over them."""

from collections import deque
from collections.abc import Iterator, Sequence

import numpy as np

from audioscan_host.cache import Embeddings, Rows
from audioscan_host.embedding.grains import Statistics, Vectors, columns, deviations
from audioscan_host.embedding.running_sums import NUMBERS, Piece, Places, RunningSums
from audioscan_host.windows import Windowing, window_steps

_SUMMED = 1 << 22
"""Running sums that are had at one go: 32 MB."""

_HOPS = 128
"""In a piece of short vectors: running sums over many more would be less exact where a level rises by far."""


def windows_of(grains: Rows, windowing: Windowing, sample_rate: int) -> Embeddings:
    """The windows of a recording, of its grains, which are read once, in order.

    They begin where `window_steps` has them, but the last one: where that would end with the recording, between two hops,
    it begins at the next hop, and is shorter by less than one.

    Args:
        grains: with their weights; `meta` has `hop`, the length of a grain in seconds, `duration`, and the
            `statistics` of the vectors.
        windowing: the window is a multiple of the hop, and the hop of the grain.
        sample_rate: of the checkpoint, Hz.
    """
    if grains.weights is None:
        raise ValueError("what was read is no file of grains")
    hop, grain = windowing.hop_steps, Windowing(grains.meta["hop"], grains.meta["hop"]).hop_steps
    samples = round(grains.meta["duration"] * sample_rate)
    count, length = len(window_steps(samples, sample_rate, windowing)), round(windowing.window * 100) // hop
    place = np.round(grains.times * 100).astype(np.int64) // grain
    hops = np.searchsorted(place, np.arange(count + length) * hop // grain)
    # What is damaged may be any number, and is known to be at its end.
    with np.errstate(over="ignore", invalid="ignore"):
        vectors = _Sliding(grains, hops, length).windows()
    meta = {**grains.meta, "window": windowing.window, "hop": windowing.hop, "grains": len(grains.times)}
    return Embeddings(np.arange(count) * hop / 100.0, vectors, meta)


class _Sliding:
    """Sums over windows, as differences of running sums over hops.

    The hops are read in pieces, and running sums begin anew with every few of them, so that no error grows. Pieces into which
    the last windows of those go on are added once more.

    Args:
        grains: that are read.
        hops: (windows + length,) the first grain of each hop; the last one is the end of the last window.
        length: hops of a window.
    """

    def __init__(self, grains: Rows, hops: Places, length: int) -> None:
        self._grains, self._hops, self._length = grains, hops, length
        self._statistics: Statistics = grains.meta["statistics"]
        weights = np.asarray(grains.weights)
        self._weights = weights / weights[len(weights) // 2]  # most are alike, and not multiplied by then
        first, after = hops[:-length], hops[length:]
        # Where the last milliseconds have no time step, the grain before stands for them.
        self._empty = np.flatnonzero(first == after)
        self._before = np.maximum(first[self._empty] - 1, 0)
        self._standing = np.zeros((len(self._empty), grains.dim), np.float32)
        total = np.concatenate([[0.0], np.cumsum(self._weights)])
        self._shares = 1 / np.where(first == after, 1.0, total[after] - total[first])[:, None]
        in_hop = max(1, len(weights) // len(hops))
        self._of_piece = min(max(1, NUMBERS // (grains.dim * in_hop)), _HOPS, len(hops) - 1)
        beyond = -(-(length - 1) // self._of_piece)
        most = _SUMMED // (self._of_piece * grains.dim) - beyond
        self._at_once = max(1, beyond, min(8 * beyond, most))
        self._summed = min((self._at_once + beyond) * self._of_piece, len(hops) - 1)

    def windows(self) -> Vectors:
        """All of them, (windows, dim)."""
        found = np.empty((len(self._shares), self._grains.dim), np.float32)
        statistics, pieces, held = self._running(), self._pieces(), deque[Piece]()
        for begin in range(0, len(found), self._at_once * self._of_piece):
            part = slice(begin, min(begin + self._at_once * self._of_piece, len(found)))
            summed, added, begun = list[Piece](), 0, False
            while added < part.stop - begin + self._length - 1:
                piece = held.popleft() if held else next(pieces)
                for each in statistics:
                    if not begun and len(piece.vectors):
                        each.begin(piece.vectors[0])
                    each.add(piece, added)
                begun = begun or len(piece.vectors) > 0
                added += len(piece.hops) - 1
                summed.append(piece)
            held.extend(summed[self._at_once :])
            shares = self._shares[part]
            for each in statistics:
                each.pool(found[part], self._length, shares[:1] if (shares == shares[0]).all() else shares)
            self._pool_highest(found[part], summed, part)
        found[self._empty] = self._standing
        return found

    def _running(self) -> list[RunningSums]:
        deviation_of = {mean.start: deviation for mean, deviation in deviations(self._statistics)}
        grains = int(np.diff(np.append(self._hops[:: self._of_piece], self._hops[-1])).max())
        return [
            RunningSums(mean, deviation_of.get(mean.start), hops=self._summed, grains=grains)
            for mean in columns(self._statistics, "mean")
        ]

    def _pieces(self) -> Iterator[Piece]:
        for begin in range(0, len(self._hops) - 1, self._of_piece):
            hops = self._hops[begin : begin + self._of_piece + 1]
            low, high = int(hops[0]), int(hops[-1])
            vectors = self._grains.read(high - low)
            if len(self._empty):
                here = (self._before >= low) & (self._before < high)
                self._standing[here] = vectors[self._before[here] - low]
            yield Piece(vectors, self._weights[low:high], hops - low)

    def _pool_highest(self, found: Vectors, pieces: Sequence[Piece], part: slice) -> None:
        """Windows' maxima, of the pieces from the first of them on."""
        first, after = self._hops[part], self._hops[self._length :][part]
        for highest in columns(self._statistics, "max"):
            vectors = np.concatenate([each.vectors[:, highest] for each in pieces])
            found[:, highest] = _highest(vectors, first - first[0], after - first[0])


def _highest(vectors: Vectors, first: Places, after: Places) -> Vectors:
    """The highest of the rows from `first` to before `after`: of two runs, as long as a power of two, that overlap."""
    count = after - first
    found = np.empty((len(first), vectors.shape[1]), np.float32)
    runs, length = vectors, 1
    while True:
        fit = (count >= length) & (count < 2 * length)
        found[fit] = np.maximum(runs[first[fit]], runs[after[fit] - length])
        if not np.any(count >= 2 * length):
            return found
        runs = np.maximum(runs[:-length], runs[length:])
        length *= 2
