"""Time steps -> one vector a window, on the device where the hidden states are."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from array_api_compat import array_namespace, to_device

from audioscan_host.models.pooling import Pooling
from audioscan_host.plugins.hookspecs import Array


def pool(selected: Sequence[Array], pooling: str) -> Array:
    """Pool hidden states over time and concatenate them.

    Args:
        selected: each (batch, time, width), numpy or device arrays of any float type.
        pooling: `mean`, or `mean+std` (population standard deviation after each mean); see `Pooling`.

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


def to_host(vectors: Sequence[Array]) -> npt.NDArray[np.float32]:
    """Batches of (batch, dim) vectors from the device -> (windows, dim) float32 in one copy."""
    xp: Any = array_namespace(*vectors)
    joined = xp.concat(list(vectors), axis=0)
    return np.ascontiguousarray(np.asarray(to_device(joined, "cpu")), dtype=np.float32)
