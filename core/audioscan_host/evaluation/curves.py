"""What is drawn and tabulated over thresholds and probabilities."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import precision_recall_curve

from audioscan_host.classifier.figures import BINS, false_seconds_per_hour
from audioscan_host.evaluation.held_out import HeldOut

THRESHOLDS = tuple(step / 20 for step in range(1, 20))
"""0.05 to 0.95."""

HISTOGRAM_BINS = 20


@dataclass(frozen=True)
class PrecisionRecall:
    """Precision and recall at every threshold that makes a difference.

    Attributes:
        thresholds: (points,) ascending.
        precision: (points + 1,); the last is 1, where nothing is found.
        recall: (points + 1,) descending; the last is 0.
    """

    thresholds: npt.NDArray[np.float64]
    precision: npt.NDArray[np.float64]
    recall: npt.NDArray[np.float64]

    @classmethod
    def of(cls, held_out: HeldOut) -> "PrecisionRecall":
        """The curve of the labelled windows."""
        precision, recall, thresholds = precision_recall_curve(held_out.labels, held_out.probabilities)
        return cls(thresholds, precision, recall)


@dataclass(frozen=True)
class Bin:
    """Windows whose probability lies from `low` to `high`.

    Attributes:
        low: included.
        high: not included, but in the last bin.
        windows: how many.
        positives: how many of them hold the sound.
        predicted: mean of their probabilities; None where there are none.
        observed: share of them that holds the sound, the observed frequency; None where there are none.
    """

    low: float
    high: float
    windows: int
    positives: int
    predicted: float | None
    observed: float | None


def reliability(held_out: HeldOut) -> list[Bin]:
    """Predicted probability and observed frequency, in the ten bins of the expected calibration error."""
    return _binned(held_out, BINS)


def histogram(held_out: HeldOut) -> list[Bin]:
    """The same in bins of 0.05."""
    return _binned(held_out, HISTOGRAM_BINS)


def _binned(held_out: HeldOut, bins: int) -> list[Bin]:
    probabilities = held_out.probabilities
    place = np.minimum((probabilities * bins).astype(np.int64), bins - 1)
    windows = np.bincount(place, minlength=bins).tolist()
    positives = np.bincount(place, held_out.labels, bins).astype(np.int64).tolist()
    sums = np.bincount(place, probabilities, bins).tolist()
    return [
        Bin(i / bins, (i + 1) / bins, n, hits, total / n if n else None, hits / n if n else None)
        for i, (n, hits, total) in enumerate(zip(windows, positives, sums, strict=True))
    ]


@dataclass(frozen=True)
class AtThreshold:
    """What a threshold would give.

    Attributes:
        threshold: from which on a window counts as found.
        found: windows.
        precision: share of the found windows that hold the sound; None where none is found.
        recall: share of the windows with the sound that are found.
        false_alarms_per_hour: see `Places.false_alarms_per_hour`.
        false_seconds_per_hour: see `Figures`.
    """

    threshold: float
    found: int
    precision: float | None
    recall: float
    false_alarms_per_hour: float
    false_seconds_per_hour: float


def threshold_table(held_out: HeldOut) -> list[AtThreshold]:
    """What each of the thresholds would give."""
    labels, rows = held_out.labels, []
    for threshold in THRESHOLDS:
        found = held_out.probabilities >= threshold
        hits, count = np.count_nonzero(labels[found]), int(np.count_nonzero(found))
        rows.append(
            AtThreshold(
                threshold,
                count,
                hits / count if count else None,
                hits / int(labels.sum()),
                held_out.places.false_alarms_per_hour(labels, found),
                false_seconds_per_hour(labels, found),
            )
        )
    return rows
