"""Time steps -> one vector a window, or one a grain of a stretch, on the device where the hidden states are."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from array_api_compat import array_namespace

from audioscan_host.embedding.copies import HostCopy, begin_copy, to_device_of
from audioscan_host.models.model import Model
from audioscan_host.models.pooling import Pooling
from audioscan_host.plugins.hookspecs import Array


def pool(selected: Sequence[Array], pooling: str) -> Array:
    """Pool hidden states over time and concatenate them.

    Args:
        selected: each (batch, time, width), numpy or device arrays of any float type.
        pooling: a row of `Pooling`, such as `mean+std` (population standard deviation after each mean).

    Returns:
        (batch, dim) float32 on the device of `selected`.
    """
    xp: Any = array_namespace(*selected)
    parts = []
    for states in selected:
        # Half precision has 8 to 11 bits of mantissa: a sum over hundreds of time steps needs more.
        wide = xp.astype(states, xp.float32)
        parts += [statistic(xp, wide) for statistic in Pooling(pooling).statistics]
    return xp.concat(parts, axis=1)


def pool_shares(selected: Sequence[Array], weights: npt.NDArray[np.float32], pooling: str) -> Array:
    """Pool hidden states over the time steps of each grain, shares of a step counted as shares, and concatenate them.

    Args:
        selected: each (batch, time, width), numpy or device arrays of any float type.
        weights: (batch, grains, time), the share of each step that is in each grain.
        pooling: as of `pool`.

    Returns:
        (batch, grains, dim) float32 on the device of `selected`; of a grain in which nothing is, numbers without meaning.
        A `max` is of all steps of which some share is in the grain.
    """
    xp: Any = array_namespace(*selected)
    shares = to_device_of(selected[0], weights)
    total = xp.sum(shares, axis=2, keepdims=True)
    shares = shares / xp.where(total > 0, total, xp.ones_like(total))
    names = Pooling(pooling).names
    apart = [to_device_of(selected[0], each) for each in _apart(weights)] if "std" in names else []
    parts = []
    for states in selected:
        wide = xp.astype(states, xp.float32)
        mean = xp.matmul(shares, wide)
        if "mean" in names:
            parts.append(mean)
        if "std" in names:
            # Each step less the mean of its grain, so that no variance is a difference of large numbers.
            variance = xp.zeros_like(mean)
            for grains in apart:
                rest = wide - xp.matmul(xp.matrix_transpose(grains), mean)
                variance = variance + xp.matmul(shares * grains, rest * rest)
            parts.append(xp.sqrt(variance))
        if "max" in names:
            parts.append(_highest(xp, wide, weights))
    return xp.concat(parts, axis=2)


def _highest(xp: Any, states: Any, weights: npt.NDArray[np.float32]) -> Any:
    """(batch, grains, width), of the steps that are in each grain, one after the other: they lie side by side."""
    batch, steps, width = states.shape
    inside = weights > 0
    count, first = inside.sum(axis=2), inside.argmax(axis=2)
    flat, found = xp.reshape(states, (batch * steps, width)), None
    for each in range(max(1, int(count.max()))):
        step = first + np.minimum(each, np.maximum(count - 1, 0)) + steps * np.arange(batch)[:, None]
        taken = xp.take(flat, to_device_of(states, step.ravel()), axis=0)
        found = taken if found is None else xp.maximum(found, taken)
    return xp.reshape(found, (batch, weights.shape[1], width))


def _apart(weights: npt.NDArray[np.float32]) -> list[npt.NDArray[np.float32]]:
    """Which grain each step is in: (batch, grains, time) of 0 and 1, as many of them as grains share a step.

    In each of them a step is in one grain at most.
    """
    grains = np.arange(weights.shape[1])[:, None]
    shared = max(1, int((weights > 0).sum(axis=1).max()))
    masks = []
    for first in range(shared):
        own = np.where(grains % shared == first, weights, 0.0)
        masks.append(((own > 0) & (grains == own.argmax(axis=1)[:, None, :])).astype(np.float32))
    return masks


class PoolBatch(Protocol):
    """What makes vectors of the time steps of a block, batch by batch."""

    unit: str
    """What a block's windows are called: windows, or stretches."""

    def __call__(self, selected: Sequence[Array], model: Model, part: slice, /) -> Array:
        """Hidden states that a model reads, of windows `part` of the block -> (vectors, dim) on the device."""
        ...

    def windows(self, count: int) -> npt.NDArray[np.int64]:
        """(vectors,) which of the block's `count` windows each vector is of."""
        ...


class WholeWindows:
    """Makes one vector of each window."""

    unit = "window"

    def __call__(self, selected: Sequence[Array], model: Model, _part: slice) -> Array:
        """(windows, dim), of all time steps."""
        return pool(selected, model.pooling)

    def windows(self, count: int) -> npt.NDArray[np.int64]:
        """Each its own."""
        return np.arange(count)


WHOLE_WINDOWS = WholeWindows()


def statistics_of(selected: Sequence[Array], pooling: str) -> list[tuple[str, int]]:
    """Of a vector that is pooled of these states, which statistic is so many numbers wide, one after the other."""
    return [(name, states.shape[2]) for states in selected for name in Pooling(pooling).names]


def to_host(vectors: Sequence[Array]) -> npt.NDArray[np.float32]:
    """Batches of (batch, dim) vectors from the device -> (windows, dim) float32 in one copy; so of (batch, grains, dim)."""
    return begin_to_host(vectors).vectors()


def begin_to_host(vectors: Sequence[Array]) -> HostCopy:
    """As `to_host`, where something else may be done before the vectors are taken."""
    xp: Any = array_namespace(*vectors)
    return begin_copy(xp.concat(list(vectors), axis=0))
