"""What tells how good a detector is, computed from windows that it was not trained on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

BINS = 10
"""Bins of equal width over which the calibration error is taken."""

_COUNTS = ("windows", "positives")
_MOST_COUNTED = 1e15
_ROUNDING = 1e-9  # an area under a curve may come out as a bit more than 1


@dataclass(frozen=True)
class Places:
    """Where judged windows lie.

    Attributes:
        groups: (windows,) which recording.
        times: (windows,) starts in the recording, seconds.
        window: length of a window, seconds.
        hop: seconds of audio that each window stands for.
    """

    groups: npt.NDArray[np.int64]
    times: npt.NDArray[np.float64]
    window: float
    hop: float

    def false_alarms_per_hour(self, labels: npt.NDArray[np.int64], found: npt.NDArray[np.bool_]) -> float:
        """Found places without the sound, for each hour of judged audio.

        A place is a run of found windows each of which overlaps the one before, as they are joined in
        a region; it is a false alarm where none of its windows is positive.

        Args:
            labels: (windows,) 0 or 1.
            found: (windows,) whether the window's probability reaches the threshold.
        """
        order, begins = self.runs(found)
        place = np.cumsum(begins) - 1
        places = int(begins.sum())
        with_sound = np.bincount(place, labels[order], places) > 0
        return float((places - np.count_nonzero(with_sound)) / (len(labels) * self.hop / 3600))

    def with_sound(self, labels: npt.NDArray[np.int64]) -> int:
        """How many places hold the sound: runs of positive windows each of which overlaps the one before."""
        return int(self.runs(labels == 1)[1].sum())

    def runs(self, found: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
        """The found windows in order of recording and time, and which of them begin a place."""
        order = np.lexsort((self.times, self.groups))
        order = order[found[order]]
        apart = np.diff(self.times[order]) >= self.window - 1e-6
        return order, np.r_[True, apart | (np.diff(self.groups[order]) != 0)][: len(order)]


@dataclass(frozen=True)
class Figures:
    """How well probabilities tell positive windows from negative ones.

    Attributes:
        windows: labelled windows that were judged.
        positives: how many of them are positive.
        average_precision: area under precision and recall, 0 to 1; chance is `positives / windows`.
        roc_auc: how often a positive scores above a negative; chance is 0.5.
        brier: mean squared difference of probability and label; lower is better.
        expected_calibration_error: mean gap of what is predicted and what is observed; see
            `expected_calibration_error`.
        threshold: from which on a window counts as found.
        precision: share of the found windows that are positive; None where none is found.
        recall: share of the positive windows that are found.
        false_alarms_per_hour: places found without the sound, for each hour of judged audio; None
            where it is not known where the windows lie. See `Places.false_alarms_per_hour`.
        false_seconds_per_hour: seconds found without the sound, for each hour of judged audio. See the
            function `false_seconds_per_hour`.
    """

    windows: int
    positives: int
    average_precision: float
    roc_auc: float
    brier: float
    expected_calibration_error: float
    threshold: float
    precision: float | None
    recall: float
    false_alarms_per_hour: float | None
    false_seconds_per_hour: float

    @classmethod
    def from_scores(
        cls,
        labels: npt.NDArray[np.int64],
        probabilities: npt.NDArray[np.float64],
        threshold: float = 0.5,
        places: Places | None = None,
    ) -> Self:
        """Compare probabilities with labels.

        Args:
            labels: (windows,) 0 or 1, both of them.
            probabilities: (windows,) from 0 to 1.
            threshold: from which on a window counts as found.
            places: where the windows lie.

        Raises:
            ValueError: all labels are the same.
        """
        from sklearn import metrics  # not needed to scan

        if len(np.unique(labels)) != 2:
            raise ValueError("figures need positive and negative windows")
        found = probabilities >= threshold
        return cls(
            windows=len(labels),
            positives=int(np.count_nonzero(labels)),
            average_precision=float(metrics.average_precision_score(labels, probabilities)),
            roc_auc=float(metrics.roc_auc_score(labels, probabilities)),
            brier=float(metrics.brier_score_loss(labels, probabilities)),
            expected_calibration_error=expected_calibration_error(labels, probabilities),
            threshold=threshold,
            precision=float(metrics.precision_score(labels, found)) if found.any() else None,
            recall=float(metrics.recall_score(labels, found)),
            false_alarms_per_hour=places.false_alarms_per_hour(labels, found) if places else None,
            false_seconds_per_hour=false_seconds_per_hour(labels, found),
        )

    def to_json(self) -> dict[str, Any]:
        """A dictionary of plain numbers, as `from_json` takes it."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what `to_json` gave.

        Raises:
            ValueError: a figure is missing, unknown, not a number or out of its range.
        """
        names = list(cls.__dataclass_fields__)
        if set(values) != set(names):
            raise ValueError(f"figures must be {', '.join(names)}, not {', '.join(sorted(map(str, values)))}")
        for name, value in values.items():
            kinds = (int,) if name in _COUNTS else (int, float)
            most = _MOST_COUNTED if name in _COUNTS or name.endswith("_per_hour") else 1
            number = (
                isinstance(value, kinds) and not isinstance(value, bool) and 0 <= value <= most + _ROUNDING
            )
            may_lack = value is None and name in ("precision", "false_alarms_per_hour")
            if not number and not may_lack:
                raise ValueError(f"figure {name} must be a number from 0 to {most:g}, not {value!r}")
        return cls(**values)


def false_seconds_per_hour(labels: npt.NDArray[np.int64], found: npt.NDArray[np.bool_]) -> float:
    """Seconds that found windows without the sound stand for, in each hour of judged audio.

    Every window stands for one hop, so of how many seconds that is makes no difference.

    Args:
        labels: (windows,) 0 or 1.
        found: (windows,) whether the window's probability reaches the threshold.
    """
    return float(3600 * np.count_nonzero(found & (labels == 0)) / len(labels))


def expected_calibration_error(
    labels: npt.NDArray[np.int64], probabilities: npt.NDArray[np.float64]
) -> float:
    """Mean gap between predicted probability and observed frequency, over ten equal bins.

    Each bin weighs by its windows. Naeini, Cooper and Hauskrecht, "Obtaining well calibrated
    probabilities using Bayesian binning" (AAAI 2015), which takes the positive class's probability;
    Guo et al., "On calibration of modern neural networks" (ICML 2017), equation 3.

    Args:
        labels: (windows,) 0 or 1.
        probabilities: (windows,) from 0 to 1; a bin holds its lower edge, the last one both.
    """
    bins = np.minimum((probabilities * BINS).astype(np.int64), BINS - 1)
    predicted = np.bincount(bins, probabilities, BINS)
    observed = np.bincount(bins, labels, BINS)
    return float(abs(predicted - observed).sum() / len(labels))
