"""From scores to probabilities that mean what they say: calibrators, and the rate of positives in nature."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

CALIBRATIONS = ("isotonic", "sigmoid", "none")

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


def _calibrate(method: str, scores: Scores, labels: Labels, unseen: Scores) -> Scores:
    if method == "isotonic":
        calibrator: Any = IsotonicRegression(out_of_bounds="clip").fit(scores, labels)
        return np.asarray(calibrator.predict(unseen), dtype=np.float64)
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
