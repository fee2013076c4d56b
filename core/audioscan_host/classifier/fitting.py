"""Run the fits of one label: one a fold, each judged on the windows that it has not seen."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

from audioscan_host.classifier.calibration import cross_fitted
from audioscan_host.classifier.folds import Folds

_WORTH_THREADS = 2**17  # numbers; fewer take one thread a second, and many that wait for a busy core a minute


@dataclass(frozen=True)
class Fits:
    """The fits of one label, one after the other, so that each can be told of.

    Attributes:
        features: (windows, dim), normalised.
        labels: (windows,) 0 or 1.
        kept: (windows,) which ones may be fitted on.
        method: of calibration, or `none`.
        estimator: unfitted scikit-learn classifier.
        on_step: called after each fit with the fits done and the fits in all.
    """

    features: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    kept: npt.NDArray[np.bool_]
    method: str
    estimator: Any
    on_step: Callable[[int, int], None] | None

    def run(self, folds: Folds | None) -> tuple[tuple[Any, ...], npt.NDArray[np.float64] | None]:
        """The estimators to use, and each window's probability by what had not seen it."""
        with threadpool_limits(1 if self.features.size < _WORTH_THREADS else None, "openmp"):
            return self._run(folds)

    def _run(self, folds: Folds | None) -> tuple[tuple[Any, ...], npt.NDArray[np.float64] | None]:
        splits = folds.splits if folds else ()
        calibrated = self.method != "none"
        total = len(splits) + (not calibrated)
        scores = np.zeros(len(self.labels))
        pairs = []
        for step, (train, held) in enumerate(splits, start=1):
            pair, fold_scores = self._calibrated(train, held) if calibrated else self._plain(train, held)
            scores[held] = fold_scores
            pairs.append(pair)
            self._tell(step, total)
        held_out = [held for _, held in splits]
        if calibrated:
            return tuple(pairs), cross_fitted(self.method, scores, self.labels, held_out, self.kept)
        whole = clone(self.estimator).fit(self.features[self.kept], self.labels[self.kept])
        self._tell(total, total)
        return (whole,), scores if folds else None

    def _calibrated(self, train: npt.NDArray[np.intp], held: npt.NDArray[np.intp]) -> tuple[Any, Any]:
        # One split at a time and averaged by `Classifier`: what CalibratedClassifierCV does with
        # all three at once, where nothing could be shown between them.
        cv = [(train[self.kept[train]], held[self.kept[held]])]
        pair = CalibratedClassifierCV(self.estimator, method=self.method, cv=cv)
        pair.fit(self.features, self.labels)
        pair.set_params(cv=None)  # the indices would go into the detector's file
        return pair, pair.calibrated_classifiers_[0].estimator.decision_function(self.features[held])

    def _plain(self, train: npt.NDArray[np.intp], held: npt.NDArray[np.intp]) -> tuple[Any, Any]:
        train = train[self.kept[train]]
        fitted = clone(self.estimator).fit(self.features[train], self.labels[train])
        return fitted, fitted.predict_proba(self.features[held])[:, 1]

    def _tell(self, done: int, total: int) -> None:
        if self.on_step is not None:
            self.on_step(done, total)
