"""A fitted classifier of one label: windows of a recording in, probabilities out."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

from audioscan_host.classifier.background import Background, FirstPass
from audioscan_host.classifier.calibration import Calibrator, at_rate, natural_rate
from audioscan_host.classifier.features import Chosen, Relative, features
from audioscan_host.classifier.kind import Estimator
from audioscan_host.classifier.linear import Linear
from audioscan_host.classifier.statistics import Statistics
from audioscan_host.evidence import Evidence

_WORTH_THREADS = 20_000  # windows; hundreds of trees that each wait for a second core gain nothing below
_ROWS = 4096  # windows that are scored at once, so that a day-long recording needs no double-precision copy


@dataclass(frozen=True, eq=False)
class Classifier:
    """A fitted classifier of one label.

    Attributes:
        kind: `logistic` or `hist-gbt`.
        calibrator: what makes probabilities of log-odds.
        rate: share of positives among the labelled windows that it was learned from; its probabilities are
            at that rate.
        kept_share: share of the negatives that was fitted on, by which odds are multiplied.
        first: what tells the background of a recording from the sound; None where windows are read without.
        second: what reads windows relative to the background; their log-odds are averaged.
        highest_mean: the highest mean probability over a recording that it was learned from; 1 where not known.
    """

    kind: str
    calibrator: Calibrator
    rate: float
    kept_share: float
    first: FirstPass | None
    second: tuple[Estimator, ...]
    highest_mean: float = 1.0

    def background(self, recording: Evidence, statistics: Statistics) -> Background | None:
        """Of all windows of a recording, or of a part of it; parts may be added up. None where it reads without."""
        if self.first is None:
            return None
        return background(recording, self.first.line, statistics)

    def probabilities(
        self,
        recording: Evidence,
        statistics: Statistics,
        *,
        background: Background | None = None,
        rate: float | None = None,
    ) -> npt.NDArray[np.float64]:
        """How likely each window holds the sound.

        Args:
            recording: all of its windows, or a part of them.
            statistics: of all that was learned from.
            background: of the recording, where what is given is a part of it, such as what a stream has
                brought so far; that of what is given, unless given.
            rate: share of windows with the sound that is expected, above 0 and below 1; that of the
                recordings learned from, unless given.

        Returns:
            (windows,) from 0 to 1; 0 where a window is digital silence by half or more.
        """
        known = self.background(recording, statistics) if background is None else background
        relative = None if known is None or self.first is None else (known, self.first.usual)
        scores = log_odds(recording.vectors, self.second, relative, statistics)
        probabilities = natural_rate(self.calibrator.probabilities(scores), self.kept_share)
        if rate is not None:
            probabilities = at_rate(probabilities, self.rate, rate)
        return np.where(recording.audible, probabilities, 0.0)


def background(
    recording: Evidence,
    first: Linear,
    statistics: Statistics,
    without: npt.NDArray[np.bool_] | None = None,
) -> Background:
    """The background of a recording: the windows of which a first pass says that the sound is not in them.

    Args:
        recording: the windows.
        first: what tells them apart.
        statistics: of all that was learned from.
        without: (windows,) those that are known to hold the sound.
    """
    chosen = recording.clean & (log_odds(recording.vectors, [first], None, statistics) < 0)
    return Background.of(recording, chosen if without is None else chosen & ~without, statistics)


def log_odds(
    vectors: npt.NDArray[np.floating[Any]] | Chosen,
    several: Sequence[Estimator],
    relative: Relative | None,
    statistics: Statistics,
) -> npt.NDArray[np.float64]:
    """(windows,) mean log-odds by several estimators, some thousand windows at a time."""
    found = np.zeros(len(vectors))
    with _threads(several, len(vectors)):
        for first in range(0, len(vectors), _ROWS):
            rows = slice(first, first + _ROWS)
            read = features(vectors[rows], relative, statistics)
            for each in several:
                found[rows] += each.decision_function(read)
    return found / len(several)


def _threads(several: Sequence[Estimator], windows: int) -> AbstractContextManager[object]:
    """As many as are worth it; to look for their libraries takes longer than a small recording, and a line has none."""
    if all(isinstance(each, Linear) for each in several):
        return nullcontext()
    limits: AbstractContextManager[object] = threadpool_limits(
        1 if windows < _WORTH_THREADS else None, "openmp"
    )
    return limits
