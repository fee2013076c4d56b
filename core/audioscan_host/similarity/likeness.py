"""How like an example each window is: cosines, relative to what their recordings sound like without the sound."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audioscan_host.classifier.background import Background
from audioscan_host.classifier.statistics import Statistics, parts
from audioscan_host.evidence import Evidence

_LEAST_LENGTH = 1e-6  # of a vector; one without a direction is like nothing

Vectors = npt.NDArray[np.floating[Any]]


def direction(
    vectors: Vectors, statistics: Statistics, background: Background | None
) -> npt.NDArray[np.float64]:
    """(dim,) of length 1: where an example lies as seen from the background of its recording.

    Args:
        vectors: (windows, dim) those that stand for the example; the mean of their directions counts.
        statistics: of all windows.
        background: of the example's recording; None to see it from the mean of all windows.
    """
    mean = _directions(vectors, statistics, background).mean(axis=0, keepdims=True)
    return _of_one_length(mean).ravel()


@dataclass(frozen=True, eq=False)
class Likeness:
    """What windows are compared with.

    Attributes:
        statistics: of all windows.
        directions: of each example (dim,) where it lies.
        limit: first pass below which a window is background; None where nothing is taken off.
    """

    statistics: Statistics
    directions: Sequence[npt.NDArray[np.float64]]
    limit: float | None = None

    def first_pass(self, recording: Evidence) -> npt.NDArray[np.float64]:
        """(windows,) cosine with the nearest example, -1 to 1, of windows as seen from the mean of all."""
        return self._cosines(recording.vectors, None)

    def scores(self, recording: Evidence) -> npt.NDArray[np.float64]:
        """(windows,) the same, of windows as seen from the background of their recording; all of its windows."""
        scores = self.first_pass(recording)
        if self.limit is None:
            return scores
        chosen = recording.clean & (scores < self.limit)
        return self._cosines(recording.vectors, Background.of(recording, chosen, self.statistics))

    def _cosines(self, vectors: Vectors, background: Background | None) -> npt.NDArray[np.float64]:
        columns = np.stack(self.directions, axis=1)
        cosines = np.empty(len(vectors))
        for rows in parts(len(vectors)):
            directions = _directions(vectors[rows], self.statistics, background)
            cosines[rows] = (directions @ columns).max(axis=1)
        return cosines.clip(-1, 1)


def _directions(
    vectors: Vectors, statistics: Statistics, background: Background | None
) -> npt.NDArray[np.float64]:
    relative = statistics.standardised(vectors).astype(np.float64)
    if background is not None:
        # Its mean alone: divided by the deviations too, fewer of the best ten were right; see docs/how-it-works.md.
        relative -= background.shrunk_mean(np.zeros(relative.shape[1]))
    return _of_one_length(relative)


def _of_one_length(vectors: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    scaled: npt.NDArray[np.float64] = vectors / np.maximum(
        np.linalg.norm(vectors, axis=1, keepdims=True), _LEAST_LENGTH
    )
    return scaled
