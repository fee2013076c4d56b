"""A few windows that stand for many, and how far others are from them."""

import numpy as np
import numpy.typing as npt

_ROWS = 4096  # windows whose distances are computed at once


def cover(features: npt.NDArray[np.float32], count: int) -> npt.NDArray[np.intp]:
    """Choose windows such that every other is near one of them.

    Each is the one that is farthest from those before it: no choice of as many has less than half
    of the distance that is left to the farthest window. Gonzalez, "Clustering to minimize the
    maximum intercluster distance", Theoretical Computer Science 38 (1985).

    Args:
        features: (windows, dim)
        count: how many at most; equal windows are not chosen twice.

    Returns:
        (chosen,) indices, the first one first.
    """
    chosen: list[int] = []
    # Nearer than that float32 cannot tell two windows apart.
    equal = 1e-3 * float(np.sqrt(_largest_square(features)))
    left = np.full(len(features), np.inf)
    while len(chosen) < min(count, len(features)):
        farthest = int(left.argmax()) if chosen else 0
        if left[farthest] <= equal:
            break
        chosen.append(farthest)
        np.minimum(left, distances(features, features[farthest, np.newaxis]), out=left)
        left[farthest] = 0  # rounding must not choose it again
    return np.array(chosen, np.intp)


def _largest_square(features: npt.NDArray[np.float32]) -> np.float32:
    """Of the lengths of the windows; some at a time, for their squares need not be in memory together."""
    blocks = (features[first : first + _ROWS] for first in range(0, len(features), _ROWS))
    return max(((block**2).sum(axis=1).max() for block in blocks), default=np.float32(0))


def distances(
    features: npt.NDArray[np.float32], reference: npt.NDArray[np.float32]
) -> npt.NDArray[np.float64]:
    """Euclidean distance of each window to the nearest reference; infinite where there is none.

    Args:
        features: (windows, dim)
        reference: (references, dim)

    Returns:
        (windows,)
    """
    nearest = np.full(len(features), np.inf)
    if not len(reference):
        return nearest
    squares = np.einsum("ij,ij->i", reference, reference, dtype=np.float64)
    for first in range(0, len(features), _ROWS):
        part = features[first : first + _ROWS]
        own = np.einsum("ij,ij->i", part, part, dtype=np.float64)
        both = (own[:, np.newaxis] + squares - 2.0 * (part @ reference.T)).min(axis=1)
        nearest[first : first + _ROWS] = np.sqrt(np.maximum(both, 0))
    return nearest
