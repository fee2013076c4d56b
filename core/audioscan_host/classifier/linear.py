"""Logistic regression: fitted by scikit-learn, kept as the numbers that it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from audioscan_host.classifier.strangers_arrays import numbers

PENALTY = 0.3
"""`C` of scikit-learn, for windows of one length. docs/detector.md has what others do."""

TOLERANCE = 1e-8
"""Of the gradient of the mean loss, at which a fit is done. It is as small as the share of the sound: at scikit-learn's own
1e-4 the fit of a rare sound stops long before its end."""

MOST_STEPS = 2000
"""Of a fit, which comes to its end in some hundred."""


@dataclass(frozen=True, eq=False)
class Linear:
    """Log-odds as a weighted sum.

    Attributes:
        weights: (dim,)
        bias: log-odds of a window that is all zeros.
    """

    weights: npt.NDArray[np.float64]
    bias: float

    @classmethod
    def fitted(cls, features: npt.NDArray[np.floating[Any]], labels: npt.NDArray[np.int64]) -> Self:
        """Fit (windows, dim) features of one length to (windows,) labels, 0 and 1, in double precision.

        So every machine comes to the same line. `large_linear.fitted` does so without the features in memory.
        """
        from sklearn.linear_model import LogisticRegression  # not needed to scan

        doubles = features.astype(np.float64, copy=False)
        model = LogisticRegression(C=PENALTY, tol=TOLERANCE, max_iter=MOST_STEPS).fit(doubles, labels)
        return cls(model.coef_[0].astype(np.float64), float(model.intercept_[0]))

    @classmethod
    def of_array(cls, array: npt.NDArray[Any], dim: int) -> Self:
        """What has this `array`, which may be a stranger's.

        Raises:
            DetectorError: it is of another shape or type, or its numbers are far too large.
        """
        found = numbers(array, (dim + 1,), "weights")
        return cls(found[:-1], float(found[-1]))

    @property
    def array(self) -> npt.NDArray[np.float64]:
        """(dim + 1,): the weights, then the bias."""
        return np.append(self.weights, self.bias)

    @classmethod
    def mean(cls, several: Sequence[Self]) -> Self:
        """What gives the mean of their log-odds."""
        weights = np.mean([each.weights for each in several], axis=0)
        return cls(weights, float(np.mean([each.bias for each in several])))

    def with_bar(self, share: float) -> Self:
        """The same, with its bar at a share of positives where that is more than half.

        What most of the labels are is else what most windows are taken for, whatever they sound like: labels that were
        asked for one by one may be of the sound nearly all.
        """
        above = max(0.0, float(np.log(share) - np.log1p(-share))) if share < 1 else 0.0
        return type(self)(self.weights, self.bias - above)

    def decision_function(self, features: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """(windows,) log-odds, by the name that scikit-learn has for it."""
        log_odds: npt.NDArray[np.float64] = features @ self.weights + self.bias
        return log_odds
