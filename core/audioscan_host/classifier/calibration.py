"""From scores to probabilities that mean what they say: calibrators, and the rate of the sound."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from audioscan_host.classifier.linear import TOLERANCE
from audioscan_host.classifier.settings import Calibration

ORDER_SHARE = 0.01
"""Share of the classifier's own probability in an isotonic one. The steps of isotonic regression are wide where few
windows are labelled, and windows on one step would be in no order: with this they keep theirs, and no
probability moves by more than a hundredth."""

LEAST_SLOPE = 0.01
"""Of a sigmoid. Where held-out scores do not tell the sound from the rest, the order of the windows is kept all the same."""

Scores = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Calibrator:
    """What makes probabilities of log-odds.

    Attributes:
        method: `sigmoid`, `isotonic` or `none`.
        slope: by which a sigmoid multiplies log-odds.
        intercept: what it adds to them then.
        steps: (2, steps) of isotonic regression: log-odds, ascending, and their probabilities.
    """

    method: str
    slope: float = 1.0
    intercept: float = 0.0
    steps: npt.NDArray[np.float64] | None = None

    @classmethod
    def fitted(cls, method: str, scores: Scores, labels: Labels) -> Self:
        """Fit to log-odds of windows that the classifier has not seen.

        Args:
            method: `sigmoid`, `isotonic` or `none`.
            scores: (windows,)
            labels: (windows,) 0 or 1.
        """
        if method == Calibration.ISOTONIC:
            from sklearn.isotonic import IsotonicRegression

            regression = IsotonicRegression(out_of_bounds="clip").fit(scores, labels)
            return cls(method, steps=np.stack([regression.X_thresholds_, regression.y_thresholds_]))
        return cls(method, *_platt(scores, labels)) if method == Calibration.SIGMOID else cls(method)

    def probabilities(self, scores: Scores) -> Scores:
        """(windows,) from 0 to 1."""
        if self.steps is None:
            return logistic(self.slope * scores + self.intercept)
        # Between two steps rounding may pass the upper one.
        return in_order(np.minimum(np.interp(scores, *self.steps), 1.0), scores)


def at_rate(probabilities: Scores, learned: float, wanted: float) -> Scores:
    """Put probabilities from one rate of the sound to another.

    The odds times the ratio of the prior odds: Saerens, Latinne and Decaestecker, "Adjusting the outputs
    of a classifier to new a priori probabilities", Neural Computation 14 (2002), equation 4. The classes
    must sound as they did; only how often they occur may be another.

    Args:
        probabilities: (windows,) from 0 to 1.
        learned: share of windows with the sound where they were learned, above 0 and below 1.
        wanted: the share now, above 0 and below 1.
    """
    held, rest = probabilities * (wanted / learned), (1.0 - probabilities) * ((1 - wanted) / (1 - learned))
    return held / (held + rest)


def natural_rate(probabilities: Scores, kept_share: float) -> Scores:
    """Put probabilities that were learned from thinned negatives back to the natural rate.

    The odds times the share of the negatives that was kept, `p s / (p s + 1 - p)`: Elkan, "The
    foundations of cost-sensitive learning" (IJCAI 2001), theorem 2, in the form of Dal Pozzolo et
    al., "Calibrating probability with undersampling for unbalanced classification" (SSCI 2015),
    equation 4.

    Args:
        probabilities: (windows,) from 0 to 1.
        kept_share: above 0, up to 1.
    """
    kept = probabilities * kept_share
    return kept / (kept + (1.0 - probabilities))


def in_order(calibrated: Scores, scores: Scores) -> Scores:
    """Isotonic probabilities, with the order that the scores have within each step.

    Args:
        calibrated: (windows,) what isotonic regression made of the scores.
        scores: (windows,) log-odds.
    """
    return (1 - ORDER_SHARE) * calibrated + ORDER_SHARE * logistic(scores)


def cross_fitted(
    method: str, scores: Scores, labels: Labels, held_out: Sequence[npt.NDArray[np.intp]], usable: Mask
) -> Scores:
    """Calibrate each fold's held-out scores by what the other folds' held-out scores show.

    A calibrator that is judged on the windows it was fitted on looks better than it is, isotonic
    regression above all, which has as many steps as it likes.

    Args:
        method: of calibration.
        scores: (windows,) of classifiers that had not seen the window.
        labels: (windows,) 0 or 1.
        held_out: per fold the indices of its windows.
        usable: (windows,) which ones a calibrator may be fitted on.

    Returns:
        (windows,) probabilities, at the rate of positives among the usable windows.
    """
    probabilities = np.empty(len(scores))
    for fold in held_out:
        others = usable.copy()
        others[fold] = False
        probabilities[fold] = Calibrator.fitted(method, scores[others], labels[others]).probabilities(
            scores[fold]
        )
    return probabilities


def logistic(log_odds: Scores) -> Scores:
    """`1 / (1 + exp(-x))`, without its overflow."""
    return np.asarray((1 + np.tanh(log_odds / 2)) / 2)


def _platt(scores: Scores, labels: Labels) -> tuple[float, float]:
    """Slope and intercept of a sigmoid.

    Platt, "Probabilistic outputs for support vector machines" (1999): each label counts a little for the
    other class, so that a few clear windows do not make the slope infinite.
    """
    from sklearn.linear_model import LogisticRegression

    positives = int(labels.sum())
    high, low = (positives + 1) / (positives + 2), 1 / (len(labels) - positives + 2)
    target = np.where(labels == 1, high, low)
    line: Any = LogisticRegression(C=np.inf, tol=TOLERANCE, max_iter=1000)
    line.fit(
        np.tile(scores, 2)[:, np.newaxis],
        np.repeat([1, 0], len(labels)),
        sample_weight=np.concatenate([target, 1 - target]),
    )
    slope, intercept = float(line.coef_[0, 0]), float(line.intercept_[0])
    if slope < LEAST_SLOPE:
        return LEAST_SLOPE, float(np.log(target.sum() / (1 - target).sum()) - LEAST_SLOPE * scores.mean())
    return slope, intercept
