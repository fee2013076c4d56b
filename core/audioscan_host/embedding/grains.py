"""Grains: vectors of pieces of a recording a hop long, of which windows of any length are made."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from audioscan_host.cache import Embeddings
from audioscan_host.windows import Windowing, window_steps

Vectors = npt.NDArray[np.float32]
Weights = npt.NDArray[np.float64]
Statistics = Sequence[tuple[str, int]]
"""What the numbers of a vector are, one after the other, and how many: ("mean", 768), ("std", 768). A `std` follows its mean."""

_ROWS = 1 << 22
"""Numbers that are summed at one go in float64: 32 MB."""

_WINDOWS = 32
"""Windows that are summed at one go: few enough that most of the grains between the first and the last are in each."""


def merged(
    grains: npt.NDArray[np.int64], vectors: Vectors, weights: Weights, statistics: Statistics
) -> tuple[npt.NDArray[np.int64], Vectors, Weights]:
    """Join the parts of grains, each pooled by itself, by their weights; grains without weight go.

    Args:
        grains: (parts,) which grain each is of, in any order.
        vectors: (parts, dim).
        weights: (parts,) time steps that each was pooled from, shares of a step counted as shares.
        statistics: of the vectors.

    Returns:
        The grains, ascending, each once; their vectors; their weights.
    """
    order = np.flatnonzero(weights > 0)
    order = order[np.argsort(grains[order], kind="stable")]
    grains, vectors, weights = grains[order], vectors[order], weights[order]
    unique, first, counts = np.unique(grains, return_index=True, return_counts=True)
    if len(unique) == len(grains):
        return unique, vectors, weights
    total = np.add.reduceat(weights, first)
    share = (weights / np.repeat(total, counts))[:, None]
    wide = vectors.astype(np.float64)
    joined = np.add.reduceat(wide * share, first)
    for mean, deviation in _deviations(statistics):
        centred = wide[:, mean] - np.repeat(joined[:, mean], counts, axis=0)
        variance = np.add.reduceat((wide[:, deviation] ** 2 + centred**2) * share, first)
        joined[:, deviation] = np.sqrt(variance)
    for highest in _columns(statistics, "max"):
        joined[:, highest] = np.maximum.reduceat(wide[:, highest], first)
    return unique, joined.astype(np.float32), total


def windows_of(grains: Embeddings, windowing: Windowing, sample_rate: int) -> Embeddings:
    """The windows of a recording, of its grains.

    They begin where `window_steps` has them, but the last one: where that would end with the recording, between two hops,
    it begins at the next hop, and is shorter by less than one.

    Args:
        grains: with their weights; `meta` has `hop`, the length of a grain in seconds, `duration`, and the
            `statistics` of the vectors.
        windowing: the window is a multiple of the hop, and the hop of the grain.
        sample_rate: of the checkpoint, Hz.
    """
    weights = grains.weights
    if weights is None:
        raise ValueError("what was read is no file of grains")
    hop, grain = windowing.hop_steps, Windowing(grains.meta["hop"], grains.meta["hop"]).hop_steps
    samples = round(grains.meta["duration"] * sample_rate)
    steps = window_steps(samples, sample_rate, windowing)
    if len(steps) > 1:
        steps[-1] = steps[-2] + hop
    starts = np.array(steps, np.int64)
    place = np.round(grains.times * 100).astype(np.int64) // grain
    first = np.searchsorted(place, starts // grain)
    after = np.searchsorted(place, starts // grain + round(windowing.window * 100) // grain)
    # Where the last milliseconds have no time step, the grain before stands for them.
    first = np.minimum(first, after - 1).clip(0)
    statistics = grains.meta["statistics"]
    vectors = np.empty((len(starts), grains.vectors.shape[1]), np.float32)
    at_once = max(1, _ROWS // (grains.vectors.shape[1] * max(1, int(np.max(after - first)))))
    at_once = min(at_once, _WINDOWS)
    for begin in range(0, len(starts), at_once):
        part = slice(begin, begin + at_once)
        vectors[part] = _pooled(grains.vectors, weights, first[part], after[part], statistics)
    meta = {**grains.meta, "window": windowing.window, "hop": windowing.hop, "grains": len(grains.times)}
    return Embeddings(starts / 100.0, vectors, meta)


def _pooled(
    vectors: Vectors,
    weights: Weights,
    first: npt.NDArray[np.int64],
    after: npt.NDArray[np.int64],
    statistics: Statistics,
) -> Vectors:
    """(windows, dim), each of the grains from `first` to before `after`, by sums around their mean."""
    low, high = int(first[0]), int(after[-1])
    wide = vectors[low:high].astype(np.float64)
    shares = _shares(weights[low:high], first - low, after - low)
    # Around their mean, so that no constant part, however large, drowns what differs.
    centre = wide.mean(axis=0)
    wide -= centre
    for mean, deviation in _deviations(statistics):
        wide[:, deviation] = (wide[:, deviation] + centre[deviation]) ** 2 + wide[:, mean] ** 2
        centre[deviation] = 0.0
    sums = shares @ wide
    for mean, deviation in _deviations(statistics):
        sums[:, deviation] = np.sqrt(np.maximum(sums[:, deviation] - sums[:, mean] ** 2, 0.0))
    pooled: Vectors = (sums + centre).astype(np.float32)
    for highest in _columns(statistics, "max"):
        pooled[:, highest] = _highest(vectors[low:high, highest], first - low, after - low)
    return pooled


def _shares(weights: Weights, first: npt.NDArray[np.int64], after: npt.NDArray[np.int64]) -> Weights:
    """(windows, grains), the share that each grain from `first` to before `after` has in a window.

    Most of it is zeros, and its product with the grains is still faster than running sums, which pass over memory more often.
    """
    place = np.arange(len(weights))
    inside = (place >= first[:, None]) & (place < after[:, None])
    shares: Weights = np.where(inside, weights, 0.0)
    shares /= shares.sum(axis=1, keepdims=True)
    return shares


def _highest(vectors: Vectors, first: npt.NDArray[np.int64], after: npt.NDArray[np.int64]) -> Vectors:
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


def _columns(statistics: Statistics, name: str) -> list[slice]:
    """Those of a statistic."""
    ends = np.cumsum([width for _, width in statistics]).tolist()
    return [
        slice(end - width, end) for (each, width), end in zip(statistics, ends, strict=True) if each == name
    ]


def _deviations(statistics: Statistics) -> list[tuple[slice, slice]]:
    """Of each mean and the deviation that follows it, the columns."""
    deviations = _columns(statistics, "std")
    return [(slice(2 * each.start - each.stop, each.start), each) for each in deviations]
