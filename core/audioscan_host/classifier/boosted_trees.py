"""Boosted trees as a kind of classifier."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from audioscan_host.classifier import trees
from audioscan_host.classifier.boosted import Boosted
from audioscan_host.classifier.features import FeatureRows
from audioscan_host.classifier.settings import ClassifierKind
from audioscan_host.classifier.strangers_arrays import numbers


class BoostedTrees:
    """Boosted trees as a kind of classifier. Those of all folds are kept, side by side.

    They are grown on a matrix of the features of all windows that are fitted on: as doubles, which is what scikit-learn grows
    them on, and of which it puts a part aside in a copy where there are many. So they need several times the memory
    of the embeddings.
    """

    name = ClassifierKind.HIST_GBT

    def fitted(self, windows: FeatureRows, labels: npt.NDArray[np.int64], seed: int) -> Boosted:
        return Boosted.fitted(windows.matrix(np.float64), labels, seed)

    def together(self, several: Sequence[Boosted]) -> tuple[Boosted, ...]:
        return tuple(several)

    def arrays(self, several: Sequence[Boosted]) -> Mapping[str, npt.NDArray[Any]]:
        arrays: dict[str, npt.NDArray[Any]] = {}
        for number, each in enumerate(several):
            parts = each.nodes, each.offsets, np.array([each.baseline])
            arrays |= zip(_members(number), parts, strict=True)
        return arrays

    def members(self, estimators: int) -> Sequence[str]:
        return [member for number in range(estimators) for member in _members(number)]

    def read(
        self, array: Callable[[str], npt.NDArray[Any]], estimators: int, dim: int
    ) -> tuple[Boosted, ...]:
        found = []
        for number in range(estimators):
            nodes, offsets, baseline = map(array, _members(number))
            (start,) = numbers(baseline, (1,), "baseline").tolist()
            found.append(Boosted(start, nodes, offsets))
            trees.check(found[-1], dim)
        return tuple(found)


def _members(number: int) -> tuple[str, str, str]:
    return f"{number}.nodes.npy", f"{number}.offsets.npy", f"{number}.baseline.npy"
