"""Grains: vectors of pieces of a recording a hop long, of which windows of any length are made."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from audioscan_host.cache import Embeddings
from audioscan_host.windows import Windowing, window_steps

Vectors = npt.NDArray[np.float32]
Weights = npt.NDArray[np.float64]

_ROWS = 1 << 22
"""Numbers that are summed at one go in float64: 32 MB."""

_WINDOWS = 32
"""Windows that are summed at one go: few enough that most of the grains between the first and the last are in each."""


def merged(
    grains: npt.NDArray[np.int64], vectors: Vectors, weights: Weights, widths: Sequence[int]
) -> tuple[npt.NDArray[np.int64], Vectors, Weights]:
    """Join the parts of grains, each pooled by itself, by their weights; grains without weight go.

    Args:
        grains: (parts,) which grain each is of, in any order.
        vectors: (parts, dim), means, and after each the deviation where there are `widths`.
        weights: (parts,) time steps that each was pooled from, shares of a step counted as shares.
        widths: of the means that a deviation follows; none where vectors are means alone.

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
    for mean, deviation in _columns(widths):
        centred = wide[:, mean] - np.repeat(joined[:, mean], counts, axis=0)
        variance = np.add.reduceat((wide[:, deviation] ** 2 + centred**2) * share, first)
        joined[:, deviation] = np.sqrt(variance)
    return unique, joined.astype(np.float32), total


def windows_of(grains: Embeddings, windowing: Windowing, sample_rate: int) -> Embeddings:
    """The windows of a recording, of its grains.

    They begin where `window_steps` has them, but the last one: where that would end with the recording, between two hops,
    it begins at the next hop, and is shorter by less than one.

    Args:
        grains: with their weights; `meta` has `hop`, the length of a grain in seconds, `duration`, and `widths` where each
            mean is followed by a deviation.
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
    widths = grains.meta.get("widths") or []
    vectors = np.empty((len(starts), grains.vectors.shape[1]), np.float32)
    at_once = max(1, _ROWS // (grains.vectors.shape[1] * max(1, int(np.max(after - first)))))
    at_once = min(at_once, _WINDOWS)
    for begin in range(0, len(starts), at_once):
        part = slice(begin, begin + at_once)
        vectors[part] = _pooled(grains.vectors, weights, first[part], after[part], widths)
    meta = {**grains.meta, "window": windowing.window, "hop": windowing.hop, "grains": len(grains.times)}
    return Embeddings(starts / 100.0, vectors, meta)


def _pooled(
    vectors: Vectors,
    weights: Weights,
    first: npt.NDArray[np.int64],
    after: npt.NDArray[np.int64],
    widths: Sequence[int],
) -> Vectors:
    """(windows, dim), each of the grains from `first` to before `after`, by sums around their mean."""
    low, high = int(first[0]), int(after[-1])
    wide = vectors[low:high].astype(np.float64)
    shares = _shares(weights[low:high], first - low, after - low)
    # Around their mean, so that no constant part, however large, drowns what differs.
    centre = wide.mean(axis=0)
    wide -= centre
    for mean, deviation in _columns(widths):
        wide[:, deviation] = (wide[:, deviation] + centre[deviation]) ** 2 + wide[:, mean] ** 2
        centre[deviation] = 0.0
    sums = shares @ wide
    for mean, deviation in _columns(widths):
        sums[:, deviation] = np.sqrt(np.maximum(sums[:, deviation] - sums[:, mean] ** 2, 0.0))
    pooled: Vectors = (sums + centre).astype(np.float32)
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


def _columns(widths: Sequence[int]) -> list[tuple[slice, slice]]:
    """Of each mean and the deviation that follows it, the columns."""
    columns, begin = [], 0
    for width in widths:
        columns.append((slice(begin, begin + width), slice(begin + width, begin + 2 * width)))
        begin += 2 * width
    return columns
