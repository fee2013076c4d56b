"""From scores to probabilities that mean what they say: calibrators, and the rate of positives in nature."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

CALIBRATIONS = ("isotonic", "sigmoid", "none")

ORDER_SHARE = 0.01
"""Share of the classifier's own probability in an isotonic one. The steps of isotonic regression are wide where few
windows are labelled, and windows on one step would be in no order: with this they keep theirs, and no
probability moves by more than a hundredth."""

Scores = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def natural_rate(probabilities: Scores, kept_share: float) -> Scores:
    """Put probabilities that were learnt from thinned negatives back to the natural rate.

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
        scores: (windows,) log-odds, as `decision_function` gives them.
    """
    return (1 - ORDER_SHARE) * calibrated + ORDER_SHARE * _logistic(scores)


def probabilities_by(estimator: Any, features: npt.NDArray[Any], method: str) -> Scores:
    """What one fitted estimator says of windows.

    Args:
        estimator: where a calibration was done, a `CalibratedClassifierCV` of one pair.
        features: (windows, dim)
        method: of calibration, or `none`.

    Returns:
        (windows,) from 0 to 1.
    """
    if method != "isotonic":
        return np.asarray(estimator.predict_proba(features)[:, 1], dtype=np.float64)
    (pair,) = estimator.calibrated_classifiers_
    (calibrator,) = pair.calibrators
    scores = np.asarray(pair.estimator.decision_function(features), dtype=np.float64)
    return in_order(np.asarray(calibrator.predict(scores), dtype=np.float64), scores)


def cross_fitted(
    method: str, scores: Scores, labels: Labels, held_out: Sequence[npt.NDArray[np.intp]], usable: Mask
) -> Scores:
    """Calibrate each fold's held-out scores by what the other folds' held-out scores show.

    A calibrator that is judged on the windows it was fitted on looks better than it is, isotonic
    regression above all, which has as many steps as it likes.

    Args:
        method: `isotonic` or `sigmoid`.
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
        probabilities[fold] = _calibrate(method, scores[others], labels[others], scores[fold])
    return probabilities


def _logistic(log_odds: Scores) -> Scores:
    return np.asarray((1 + np.tanh(log_odds / 2)) / 2)  # as 1 / (1 + exp(-x)), without its overflow


def _calibrate(method: str, scores: Scores, labels: Labels, unseen: Scores) -> Scores:
    if method == "isotonic":
        calibrator: Any = IsotonicRegression(out_of_bounds="clip").fit(scores, labels)
        return in_order(np.asarray(calibrator.predict(unseen), dtype=np.float64), unseen)
    # Platt, "Probabilistic outputs for support vector machines" (1999): each label counts a little
    # for the other class, so that a few clear windows do not make the slope infinite.
    positives = int(labels.sum())
    high, low = (positives + 1) / (positives + 2), 1 / (len(labels) - positives + 2)
    target = np.where(labels == 1, high, low)
    line = LogisticRegression(C=np.inf, max_iter=1000)
    line.fit(
        np.tile(scores, 2)[:, np.newaxis],
        np.repeat([1, 0], len(labels)),
        sample_weight=np.concatenate([target, 1 - target]),
    )
    return np.asarray(line.predict_proba(unseen[:, np.newaxis])[:, 1], dtype=np.float64)
