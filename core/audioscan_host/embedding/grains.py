"""Grains: vectors of pieces of a recording a hop long, joined of what was pooled of each."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Weights = npt.NDArray[np.float64]
Statistics = Sequence[tuple[str, int]]
"""What the numbers of a vector are, one after the other, and how many: ("mean", 768), ("std", 768). A `std` follows its mean."""


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
    for mean, deviation in deviations(statistics):
        centred = wide[:, mean] - np.repeat(joined[:, mean], counts, axis=0)
        variance = np.add.reduceat((wide[:, deviation] ** 2 + centred**2) * share, first)
        joined[:, deviation] = np.sqrt(variance)
    for highest in columns(statistics, "max"):
        joined[:, highest] = np.maximum.reduceat(wide[:, highest], first)
    return unique, joined.astype(np.float32), total


def columns(statistics: Statistics, name: str) -> list[slice]:
    """Those of a statistic."""
    ends = np.cumsum([width for _, width in statistics]).tolist()
    return [
        slice(end - width, end) for (each, width), end in zip(statistics, ends, strict=True) if each == name
    ]


def deviations(statistics: Statistics) -> list[tuple[slice, slice]]:
    """Of each mean and the deviation that follows it, the columns."""
    found = columns(statistics, "std")
    return [(slice(2 * each.start - each.stop, each.start), each) for each in found]
