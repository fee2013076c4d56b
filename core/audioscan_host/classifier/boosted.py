"""Boosted trees: grown by scikit-learn, kept as the numbers that they are.

scikit-learn has no public way to a tree's nodes, hence its private names, in this file only.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

_CATEGORY_WORDS = 8  # 32-bit words of a set of 256 categories


@dataclass(frozen=True, eq=False)
class Boosted:
    """Log-odds as a sum over trees.

    Attributes:
        baseline: log-odds before the first tree.
        nodes: (nodes,) of scikit-learn's node type, tree after tree, each root first.
        offsets: (trees + 1,) int64, where each tree begins, and where the last one ends.
    """

    baseline: float
    nodes: npt.NDArray[np.void]
    offsets: npt.NDArray[np.int64]

    @classmethod
    def fitted(
        cls, features: npt.NDArray[np.floating[Any]], labels: npt.NDArray[np.int64], seed: int
    ) -> Self:
        """Fit 200 trees to (windows, dim) features and (windows,) labels, 0 and 1."""
        from sklearn.ensemble import HistGradientBoostingClassifier

        model = HistGradientBoostingClassifier(
            max_iter=200, max_depth=5, learning_rate=0.1, random_state=seed
        ).fit(features, labels)
        return cls.of(model)

    @classmethod
    def of(cls, model: Any) -> Self:
        """Of a fitted HistGradientBoostingClassifier of two classes."""
        trees = [predictor.nodes for (predictor,) in model._predictors]
        offsets = np.cumsum([0, *map(len, trees)], dtype=np.int64)
        return cls(float(model._baseline_prediction.ravel()[0]), np.concatenate(trees), offsets)

    def decision_function(self, features: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float64]:
        """(windows,) log-odds of (windows, dim) features, by the name that scikit-learn has for it."""
        from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
        from sklearn.utils._openmp_helpers import _openmp_effective_n_threads

        # Trees read a few columns of all rows: with columns that lie together they are three times as fast.
        columns = np.asfortranarray(features, dtype=np.float64)
        nothing = np.zeros((0, _CATEGORY_WORDS), np.uint32)
        none_of_them = np.zeros(columns.shape[1], np.uint32)
        threads = _openmp_effective_n_threads()
        log_odds = np.full(len(columns), self.baseline)
        for first, end in zip(self.offsets[:-1], self.offsets[1:], strict=True):
            tree = TreePredictor(self.nodes[first:end], nothing, nothing)
            log_odds += tree.predict(columns, nothing, none_of_them, threads)
        return log_odds
