"""How much a figure would change with other recordings: recordings are drawn anew, with replacement.

Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13. Windows of one
recording are alike, so recordings are drawn, not windows.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

RESAMPLES = 1000

LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """Between the percentiles that hold 95 % of the resamples.

    Attributes:
        low: the 2.5th percentile.
        high: the 97.5th.
        skipped: resamples that lacked a class and say nothing.
    """

    low: float
    high: float
    skipped: int

    @classmethod
    def of(cls, values: npt.NDArray[np.float64]) -> Self:
        """The interval of a figure over resamples: (resamples,), NaN where it is not defined."""
        known = values[~np.isnan(values)]
        tail = (1 - LEVEL) / 2
        low, high = np.quantile(known, [tail, 1 - tail]) if len(known) else (np.nan, np.nan)
        return cls(float(low), float(high), len(values) - len(known))

    def to_json(self) -> dict[str, float | int | None]:
        """Plain numbers; the ends are None where no resample says anything."""
        known = not np.isnan(self.low)
        return {
            "low": self.low if known else None,
            "high": self.high if known else None,
            "skipped": self.skipped,
        }

    def text(self, digits: int) -> str:
        """For people."""
        return "unknown" if np.isnan(self.low) else f"{self.low:.{digits}f} to {self.high:.{digits}f}"


def draw_recordings(recordings: int, resamples: int, seed: int) -> npt.NDArray[np.int64]:
    """(resamples, recordings) how often each recording was drawn; as many draws as there are recordings."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(recordings, np.full(recordings, 1 / recordings), size=resamples)


def average_precisions(
    labels: npt.NDArray[np.int64],
    probabilities: npt.NDArray[np.float64],
    groups: npt.NDArray[np.int64],
    drawn: npt.NDArray[np.int64],
) -> npt.NDArray[np.float64]:
    """The average precision of each resample, as scikit-learn defines it.

    Args:
        labels: (windows,) 0 or 1.
        probabilities: (windows,) from 0 to 1.
        groups: (windows,) which recording.
        drawn: (resamples, recordings) how often each recording was drawn.

    Returns:
        (resamples,); NaN where a resample lacks a class.
    """
    order = np.argsort(-probabilities, kind="stable")
    positive, recording = labels[order], groups[order]
    # Windows with the same probability are found together: only the last one of them counts.
    last = np.flatnonzero(np.append(np.diff(probabilities[order]) != 0, [True]))
    return np.array([_average_precision(positive, weights[recording], last) for weights in drawn])


def _average_precision(
    positive: npt.NDArray[np.int64], weights: npt.NDArray[np.int64], last: npt.NDArray[np.intp]
) -> float:
    hits = np.cumsum(positive * weights)[last]
    found = np.cumsum(weights)[last]
    if hits[-1] in (0, found[-1]):
        return np.nan
    precision = hits / np.maximum(found, 1)
    return float(np.sum(np.diff(hits, prepend=0) * precision) / hits[-1])
